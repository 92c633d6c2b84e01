"""Every bound of the agents, with its unit and its reason. Knows nothing of models or episodes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """How much of anything an agent takes, sends or waits for.

    Attributes:
        shown_bytes: What of one tool result a model gets to read: enough for a traceback, little enough for a hundred of them.
        context_bytes: What of a conversation is sent; older tool results are left out beyond it. About 50,000 tokens.
        calls_per_reply: Tool calls of one reply that are carried out; the rest is refused.
        reminders: How often in a row a model is told to call a tool before its work is submitted as it is.
        reply_s: How long an endpoint may take for one reply, from connecting to the last byte.
        reply_bytes: The largest reply that is read.
        attempts: How often an endpoint is asked for one reply.
        first_wait_s: The wait before the second attempt at the most; it doubles from attempt to attempt,
        longest_wait_s: up to this. An endpoint's Retry-After beyond it is cut to it.
        gradings: How often a work is judged when the grader fails; cheaper than to have a model do it all again.
        task_attempts: How often a task is begun anew after a failure that is not the agent's.
        task_wait_s: The wait before it is.
        raised_most: In how many tasks in a row the agent may raise, before any is judged, until the run ends.
        ending_s: How long agents may take to stop after Ctrl-C before they are left behind.
    """

    shown_bytes: int = 8 * 1024
    context_bytes: int = 200_000
    calls_per_reply: int = 16
    reminders: int = 2
    reply_s: float = 300.0
    reply_bytes: int = 16 * 1024 * 1024
    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    gradings: int = 3
    task_attempts: int = 3
    task_wait_s: float = 2.0
    raised_most: int = 5
    ending_s: float = 3.0


BYTES_PER_TOKEN = 4
"""For estimates only: about what English and code come to in the tokenizers of today (https://platform.openai.com/tokenizer)."""
