"""The curriculum that ships, loaded once for all who test it."""

from codecraft_server.curriculum import load
from codecraft_server.settings import TaskDefaults

SHIPPED = load(None, TaskDefaults())
