"""Proves that tasks are worth playing: plays attempts at them through the real rules and says what is wrong with them.

To be read in this order: `attempt` (one try, from Reset to its grade), `jobs` (what is tried), `weighing` (what follows from it), `checker`
(all of it side by side) and `cheats` (how somebody paid to break the grader goes about it). Knows nothing of gRPC, Docker or terminals.
"""

from codecraft_server.checking.checker import check
from codecraft_server.checking.findings import Problem, Progress, Row, Summary
from codecraft_server.checking.plan import Plan, chosen

__all__ = ["Plan", "Problem", "Progress", "Row", "Summary", "check", "chosen"]
