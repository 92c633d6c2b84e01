"""A program that forks: `forking_program.py MODE TARGET`. What it prints is what came of it; see test_client_fork."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable

from codecraft_client import Client, Output
from codecraft_client.errors import ForkError

CHILDREN = 8
CHILD_S = 20


def forked(work: Callable[[], object]) -> str:
    """Do `work` in a forked child and say how that went."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(CHILD_S)
        status = 1
        try:
            work()
            status = 0
        except ForkError as error:
            status = 42 if "GRPC_ENABLE_FORK_SUPPORT=1" in str(error) else 43
        finally:
            os._exit(status)
    status = os.waitpid(pid, 0)[1]
    return {0: "ok", 42: "refused"}.get(os.waitstatus_to_exitcode(status), f"status {status}")


def children(work: Callable[[], object]) -> str:
    return " ".join(sorted({forked(work) for _ in range(CHILDREN)}))


def one_task(client: Client) -> str:
    return client.task("1").task_id


def unused(target: str) -> list[str]:
    client = Client(target)
    return [children(lambda: one_task(client)), one_task(client)]


def closed(target: str) -> list[str]:
    with Client(target) as client:
        one_task(client)
    return [children(lambda: one_task(Client(target)))]


def inherited(target: str) -> list[str]:
    client = Client(target)
    one_task(client)
    return [children(lambda: one_task(client)), children(lambda: one_task(Client(target))), one_task(client)]


def streaming(target: str) -> list[str]:
    with Client(target) as client, client.reset("1") as episode:
        running = episode.run("print 5000")
        came = children(lambda: one_task(client))
        return [came, str(sum(len(event.data) for event in running if isinstance(event, Output)))]


def pool(method: str, target: str) -> list[str]:
    client = Client(target)
    if method == "spawn":
        one_task(client)
    with multiprocessing.get_context(method).Pool(2) as workers:
        return workers.map(one_task, [client] * 4)


def main(mode: str, target: str) -> None:
    modes: dict[str, Callable[[str], list[str]]] = {
        "unused": unused,
        "closed": closed,
        "inherited": inherited,
        "streaming": streaming,
        "pool-fork": lambda to: pool("fork", to),
        "pool-spawn": lambda to: pool("spawn", to),
    }
    sys.stdout.write(" | ".join(modes[mode](target)))


if __name__ == "__main__":
    main(*sys.argv[1:])
