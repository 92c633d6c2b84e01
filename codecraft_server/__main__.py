"""`python -m codecraft_server` is `codecraft-server`."""

import sys

from codecraft_server.cli import main

sys.exit(main())
