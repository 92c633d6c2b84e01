"""How work is judged: copy it, run the hidden checks on the copy, weigh what came, add up the score. Knows nothing of gRPC or Docker."""

from codecraft_server.grading.grader import Grader
from codecraft_server.grading.work import Work

__all__ = ["Grader", "Work"]
