"""The command line `codecraft`: what an agent's developer does by hand.

Exit status 0: all is well; 1: it is not, and stderr says why; 2: wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from codecraft_client import demo
from codecraft_client.client import DEFAULT_TARGET, Client
from codecraft_client.errors import CodecraftError

INTERRUPTED = 130  # as shells count it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of `codecraft`; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        with Client.from_environment(chosen.target) as client:
            status: int = chosen.command(client, Console(highlight=False))
            return status
    except CodecraftError as error:
        sys.stderr.write(f"codecraft: {error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more (`| head`). Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codecraft", description="Talk to a codecraft server.", epilog="CODECRAFT_TOKEN has the server's agent token."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, function, text in (
        ("demo", _demo, "play the demo, against a server of its own where none answers on this machine"),
        ("info", _info, "tell what the server is, may do and has left"),
        ("tasks", _tasks, "list the tasks of the curriculum"),
    ):
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.add_argument("--target", metavar="HOST:PORT", help=f"the server; default: $CODECRAFT_TARGET, else {DEFAULT_TARGET}")
        command.set_defaults(command=function)
    return parser


def _demo(client: Client, console: Console) -> int:
    return 0 if demo.play(client, console) else 1


def _info(client: Client, console: Console) -> int:
    info = client.server_info()
    rows = {
        "server": f"{info.server_version} (protocol {info.protocol_version}), worker {info.worker}",
        "tasks": f"{info.task_count}, catalog {info.catalog_digest[:12]}",
        "episodes": f"{info.capacity.episodes} of {info.limits.episodes} open, {info.capacity.queued_resets} queued",
        "warm sandboxes": str(info.capacity.warm_sandboxes),
        "network": "allowed" if info.capabilities.network else "not allowed",
        "root agents": "allowed" if info.capabilities.root_user else "not allowed",
        "runtime": info.capabilities.runtime,
        "episode lease": f"{info.limits.episode_lease_s:g} s",
    }
    table = Table(show_header=False, box=None)
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    return 0


def _tasks(client: Client, console: Console) -> int:
    table = Table("id", "title", "category", "difficulty")
    for task in client.tasks():
        table.add_row(task.task_id, task.title, task.category, str(task.difficulty or ""))
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
