"""A server over fake sandboxes as a program of its own, for tests whose process forks: prints its address, ends with a line of input.

Its tasks: "1"; "short", of two steps; "ungradable", whose grading is a fault; "way", with milestones: the files `a` (a quarter) and `b`.
"""

import sys

from fake_server import a_task
from fakes.milestones import exists
from worlds import fake_world

from codecraft_server.task import TaskLimits

SHORT = TaskLimits(steps=2, episode_s=600.0, command_s=60.0, grading_s=60.0, output_bytes=64 * 1024)


def main() -> None:
    tasks = (
        a_task("1"),
        a_task("short", limits=SHORT),
        a_task("ungradable", checks=()),
        a_task("way", milestones=(exists("a", 0.25), exists("b", 0.75)), milestone_share=0.5),
    )
    with fake_world(tasks=tasks) as address:
        sys.stdout.write(address + "\n")
        sys.stdout.flush()
        sys.stdin.readline()


if __name__ == "__main__":
    main()
