"""What a model is told that is no tool result. Texts only."""

from codecraft_client.types import Limits, Task

MIB = 1024 * 1024

SYSTEM = """\
You are a programmer at work in a Linux sandbox. You act by calling tools: run_command, write_file, read_file, list_files, submit.

- The sandbox is yours alone. The shell is {shell}, the working directory {directory}, the user {user}. {network}
- A command is killed after {command_s:g} s; all together may run for {episode_s:g} s.
- Long output is shown to you by its head and its tail; redirect it to a file to read all of it.
- Start servers in the background with their output in a file: `server > server.log 2>&1 &`.
- Memory {memory_mb} MiB, disk {disk}, {cpus:g} CPUs, {pids} processes.
- You have {steps} tool calls. What is left is shown after each. When they are used up, the work is judged as it is.
- When the work is done and you have tested it, call submit. That ends it: hidden checks are run on what is in the sandbox then,
  and nothing can be changed afterwards.
- Nobody reads what you write besides your tool calls, and nobody answers questions. Work until it is done, then submit.
"""

TASK = """\
# {title}

{description}
"""

TEST = """
## How it will be judged

{test}
"""

REMINDER = "You called no tool. Go on with a tool call; if the work is done, call submit. If you call none, the work is submitted as it is."
ELIDED = "[left out, to keep the conversation short; call the tool again if you need it]"
TOO_MANY_CALLS = "Refused: at most {most} tool calls in one reply. Nothing was done."


def system(task: Task, steps: int) -> str:
    """Return what a model is told first: the sandbox and the budget. `steps` it may take."""
    limits = task.limits
    return SYSTEM.format(
        shell=_shown(task.shell),
        directory=_shown(task.working_dir),
        user="root" if task.root_user else "no root",
        network="It has network." if task.network else "It has no network.",
        command_s=limits.command_s,
        episode_s=limits.episode_s,
        memory_mb=limits.memory_bytes // MIB,
        disk=_disk(limits),
        cpus=limits.cpus,
        pids=limits.pids,
        steps=steps,
    )


def task(task: Task) -> str:
    """Return the task as a model reads it."""
    text = TASK.format(title=task.title, description=task.description.strip())
    return text + TEST.format(test=task.test.strip()) if task.test.strip() else text


def answered(text: str, steps_left: int) -> str:
    """Return the answer to a tool call, with what is left of the budget."""
    return f"{text}\n[{steps_left} tool calls left]" if text else f"[{steps_left} tool calls left]"


def _disk(limits: Limits) -> str:
    return f"{limits.disk_bytes // MIB} MiB" if limits.disk_bytes else "no limit of its own"


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
