"""The agent's side of codecraft."""
