"""A program that forks: `forking_program.py MODE TARGET`. What it prints is what came of it; see test_client_fork."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable

from codecraft_client import Client, Output, RunCommand
from codecraft_client.calls import Reset
from codecraft_client.events import Ready
from codecraft_client.rollout import Rollout

CHILDREN = 8
MANY = 60
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
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return f"status {status}" if status else "ok"


def children(work: Callable[[], object], number: int = CHILDREN) -> str:
    return " ".join(sorted({forked(work) for _ in range(number)}))


def one_task(client: Client) -> str:
    return client.task("1").task_id


def unused(target: str) -> list[str]:
    client = Client(target)
    return [children(lambda: one_task(client)), one_task(client)]


def inherited(target: str) -> list[str]:
    client = Client(target)
    one_task(client)
    return [children(lambda: one_task(client)), children(lambda: one_task(Client(target))), one_task(client)]


def again(target: str) -> list[str]:
    """Fork right after each call, when the channel has only just been closed."""
    client = Client(target)
    return sorted({one_task(client) + " " + forked(lambda: one_task(client)) for _ in range(MANY)})


def streaming(target: str) -> list[str]:
    """Fork in the middle of a stream."""
    with Client(target) as client, client.reset("1") as episode:
        running = episode.run("print 5000")
        came = children(lambda: one_task(client))
        return [came, str(sum(len(event.data) for event in running if isinstance(event, Output)))]


def busy(target: str) -> list[str]:
    """Fork again and again while another thread streams and a third one asks."""
    client, stop = Client(target), threading.Event()
    sizes: set[int] = set()
    answers: set[str] = set()

    def stream() -> None:
        with client.reset("1") as episode:
            while not stop.is_set():
                sizes.add(sum(len(event.data) for event in episode.run("print 100000") if isinstance(event, Output)))

    def ask() -> None:
        while not stop.is_set():
            answers.add(one_task(client))

    threads = [threading.Thread(target=stream), threading.Thread(target=ask)]
    for thread in threads:
        thread.start()
    came = children(lambda: one_task(client), MANY)
    stop.set()
    for thread in threads:
        thread.join()
    return [came, *map(str, sizes), *answers]


def stepping(target: str) -> list[str]:
    """Fork again and again while another thread takes steps, and have each child take one, too."""
    client, stop = Client(target), threading.Event()
    outputs: set[bytes] = set()
    with client.reset("1") as episode:

        def one_step() -> bytes:
            return episode.step(RunCommand("print 9")).observation.output

        def step() -> None:
            while not stop.is_set():
                outputs.add(one_step())

        def step_in_child() -> None:
            client.task("1")
            episode._in_doubt = True  # the parent's steps have gone on
            one_step()

        thread = threading.Thread(target=step)
        thread.start()
        came = children(lambda: one_task(client), MANY)
        stop.set()
        thread.join()
        return [came, children(step_in_child), *(output.decode() for output in outputs)]


def rollout(target: str) -> list[str]:
    """Fork while requests are on the way: the parent's are answered there, and each child has a stream of its own."""

    def play(rollout: Rollout) -> set[str]:
        rollout.send(0, Reset("1"))
        opened = rollout.receive(CHILD_S).result
        return {"opened" if isinstance(opened, Ready) else repr(opened)}

    with Rollout(target) as shared:
        play(shared)
        came = set()
        for number in range(MANY):
            shared.send(number, Reset("1"))
            came.add(forked(lambda: play(shared)))
        kinds = {type(shared.receive(CHILD_S).result).__name__ for _ in range(MANY)}
        return [" ".join(sorted(came)), *kinds]


def pool(method: str, target: str) -> list[str]:
    client = Client(target)
    one_task(client)
    with multiprocessing.get_context(method).Pool(2) as workers:
        return workers.map(one_task, [client] * 4)


def main(mode: str, target: str) -> None:
    modes: dict[str, Callable[[str], list[str]]] = {
        "unused": unused,
        "inherited": inherited,
        "again": again,
        "streaming": streaming,
        "busy": busy,
        "stepping": stepping,
        "rollout": rollout,
        "pool-fork": lambda to: pool("fork", to),
        "pool-spawn": lambda to: pool("spawn", to),
    }
    sys.stdout.write(" | ".join(modes[mode](target)))


if __name__ == "__main__":
    main(*sys.argv[1:])
