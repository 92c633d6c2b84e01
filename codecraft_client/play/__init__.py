"""`codecraft play`: a person at a terminal, or a script on its standard input, plays a task.

The rooms, top to bottom: `command`; `player`; `screen`, `lines` (the only one that knows prompt_toolkit), `hands`, `editor`.
"""
