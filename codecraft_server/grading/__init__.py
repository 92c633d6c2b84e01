"""How work is judged: run the hidden checks, weigh what came, add up the score. Knows nothing of gRPC or Docker."""

from codecraft_server.grading.grader import grade

__all__ = ["grade"]
