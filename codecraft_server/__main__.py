"""The program `codecraft-server`, also as `python -m codecraft_server`."""

import os
import sys

# The thread that waits for gRPC's completions then reads the sockets itself, where otherwise others of gRPC's would hand it what they
# have read: a call costs the server fewer changes of thread (14 where it were 18, grpcio 1.85). Read by gRPC when it is imported, hence
# before all else. Only for a server, which never forks while it serves: in clients, forks amid calls hang with it.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")

from codecraft_server.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
