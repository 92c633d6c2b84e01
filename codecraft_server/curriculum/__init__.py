"""Loads and validates curricula: from curriculum.json to frozen tasks. Knows nothing of how tasks are played or graded.

The format is described in docs/tasks.md and, for editors, in curriculum.schema.json beside this file.
"""

from codecraft_server.curriculum.catalog import Curriculum
from codecraft_server.curriculum.loading import load, shipped

__all__ = ["Curriculum", "load", "shipped"]
