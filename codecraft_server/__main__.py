"""The program `codecraft-server`, also as `python -m codecraft_server`."""

import os
import sys

from codecraft_server import GRPC_EXPERIMENTS

os.environ.setdefault("GRPC_EXPERIMENTS", GRPC_EXPERIMENTS)  # before gRPC is imported, which reads it then

from codecraft_server.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
