"""The gRPC methods of both services: decode, call, encode. What they have in common stands in `calls`.

Knows episodes and the wire; must not know Docker. A cancelled call closes the iterator it reads from and changes nothing else: what
that means for the episode is for `episodes` to say.
"""

from codecraft_server.service.calls import CallInterceptor
from codecraft_server.service.control import Control
from codecraft_server.service.environment import Environment

__all__ = ["CallInterceptor", "Control", "Environment"]
