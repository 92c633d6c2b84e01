"""How work is judged: run the hidden checks, weigh what came, add up the score. Knows nothing of gRPC or Docker."""
