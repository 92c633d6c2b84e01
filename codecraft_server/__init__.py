"""The codecraft service: episodes of coding tasks in real Docker sandboxes, over gRPC.

The rooms, top to bottom: `cli`, `app`, `service`, `wire`, `episodes`, `rewards` and `grading`, `curriculum` and `task`, `sandbox`,
`docker`, `settings` and `errors`. Start with `sandbox`, then `episodes`.
"""

from importlib.metadata import version

__version__ = version("codecraft")

GRPC_EXPERIMENTS = "-event_engine_listener"
"""What a server has in the variable of this name before it imports gRPC, unless its operator has put something there.

The thread that waits for gRPC's completions then reads the sockets itself, where otherwise others of gRPC's hand it what they have read: a
call costs the server fewer changes of thread (14 where it were 18, grpcio 1.85). Only for a server, which never forks while it serves: in
clients, forks amid calls hang with it.
"""
