"""The codecraft service: episodes of coding tasks in real Docker sandboxes, over gRPC.

The rooms, top to bottom: `cli`, `app`, `service`, `wire`, `episodes`, `rewards` and `grading`, `curriculum` and `task`, `sandbox`,
`docker`, `settings` and `errors`. Start with `sandbox`, then `episodes`.
"""

from importlib.metadata import version

__version__ = version("codecraft")
