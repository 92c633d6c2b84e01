"""An agent of one's own: `codecraft play 1 2 3 --agent own_agent:make`, from the directory of this file."""

import re
from collections.abc import Iterator

from codecraft_client import Episode, Task
from codecraft_client.agents import AgentEvent, AgentOptions, Printed, Said


class Guesser:
    """Prints what the task puts between back quotes and capitals. It knows one trick."""

    def play(self, task: Task, episode: Episode) -> Iterator[AgentEvent]:
        """Play to the end; the work is submitted when this returns."""
        greeting = re.search(r"`([A-Z][^`]*!)`", task.description)
        if greeting is None:
            yield Said("I know nothing about that.")
            return
        episode.write_file("hello.py", f"print({greeting.group(1)!r})\n")
        result = episode.run("python3 hello.py", stream=False).result()
        yield Printed(result.observation.output)


def make(_options: AgentOptions) -> Guesser:
    """Make one; called anew for every episode."""
    return Guesser()
