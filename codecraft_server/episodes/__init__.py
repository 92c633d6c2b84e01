"""The rules of an episode: what may follow what, leases, deadlines, exactly-once. Owns every sandbox. Knows nothing of gRPC or Docker.

To be read in this order: `events` (what goes in and out), `registry` (the facade), `opening`, `episode`, `turn`, `steps` and `ring`;
`submitting` and `judging`.
Beside the way: `choosing` (which task an episode gets) and `statistics` (how episodes went).
"""

from codecraft_server.episodes.registry import Episodes
from codecraft_server.episodes.world import Grader

__all__ = ["Episodes", "Grader"]
