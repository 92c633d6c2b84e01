"""Domain values to and from `codecraft.v1`, and errors to statuses: one encoder or decoder per message, all pure.

Owns the shape of everything that crosses the wire and the promise that no message of ours exceeds 1 MiB. Must not know asyncio,
Docker or the rules of episodes: a range that the rules set is checked by `episodes`, what only the wire can see is checked here.
"""
