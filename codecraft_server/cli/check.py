"""`tasks check`: puts sandboxes, the grader and the tasks together, has them checked, shows and writes down what came of it."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codecraft_server import checking, curriculum, grading, log
from codecraft_server.checking import reports
from codecraft_server.checking.cheats import named
from codecraft_server.checking.checker import Tell
from codecraft_server.checking.findings import Problem, Summary
from codecraft_server.cli.check_display import Display
from codecraft_server.docker import DockerSandboxes, images
from codecraft_server.docker.engine import connected
from codecraft_server.errors import ConfigurationError, CurriculumError
from codecraft_server.settings import Settings
from codecraft_server.task import Task

_INTERRUPTED = 130
_SPARE = 2  # attempts at once beyond the cores, for they wait a good part of their time
_MISSPELLED = "Correct the file; docs/tasks.md has all keys, and the JSON Schema shows mistakes in an editor."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line; `parallel` 0: as many as this machine can use."""

    tasks: Sequence[str] = ()
    categories: Sequence[str] = ()
    sample: int = 0
    seed: int = 0
    cheats: Sequence[str] = ("all",)
    spread: bool = False
    repeats: int = 1
    load: int = 0
    parallel: int = 0
    json: Path | None = None
    junit: Path | None = None
    color: bool = True


def run(settings: Settings, wanted: Wanted) -> int:
    """Check tasks. 0: no problem; 1: some; 130: interrupted.

    Raises:
        ConfigurationError: What was asked for does not exist.
        SandboxError: The engine or its images can't be used.
    """
    log.configure(level=settings.log_level, as_json=settings.log_json)
    display, summary, began = Display(color=wanted.color), Summary(), time.monotonic()
    interrupted = False
    try:
        plan = _plan(settings, wanted)
        tasks = _tasks(settings, wanted)
        settings = replace(settings, grading=replace(settings.grading, places=plan.parallel + plan.load))
        with display.progress() as tell:
            asyncio.run(_until_signalled(_check(tasks, plan, settings, summary, tell)))
    except CurriculumError as error:
        summary.problems += [
            Problem("", "schema", "schema", "a curriculum that can be loaded", line, _MISSPELLED) for line in error.message.split("\n")
        ]
        summary.complete = True
    except asyncio.CancelledError:
        interrupted = True
    summary.seconds = time.monotonic() - began
    display.summary(summary)
    _write(wanted.json, reports.as_json, summary)
    _write(wanted.junit, reports.as_junit, summary)
    return _INTERRUPTED if interrupted else int(bool(summary.all_problems))


def _plan(settings: Settings, wanted: Wanted) -> checking.Plan:
    return checking.Plan(
        cheats=named(wanted.cheats),
        spread=wanted.spread,
        repeats=wanted.repeats,
        load=wanted.load,
        parallel=wanted.parallel or (os.cpu_count() or 1) + _SPARE,
        allow_network=settings.sandbox.allow_network,
    )


def _tasks(settings: Settings, wanted: Wanted) -> list[Task]:
    catalog = curriculum.load(settings.curriculum, settings.defaults)
    return checking.chosen(catalog.tasks, wanted.tasks, wanted.categories, wanted.sample, wanted.seed)


async def _until_signalled(work: Coroutine[None, None, None]) -> None:
    """Do it, and cancel it on SIGINT or SIGTERM: then everything is closed in order, and CancelledError comes out."""
    task = asyncio.create_task(work)
    for kind in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(kind, task.cancel)
    await task


async def _check(tasks: list[Task], plan: checking.Plan, settings: Settings, summary: Summary, tell: Tell) -> None:
    named_images = {task.sandbox.image for task in tasks} | {cheat.control.probe.sandbox.image for cheat in plan.cheats}
    if settings.build_images:
        await asyncio.to_thread(_ensure, sorted(name for name in named_images if name in _ours()))
    sandboxes = DockerSandboxes(settings.sandbox, settings.worker or f"check{secrets.token_hex(3)}")
    async with sandboxes:
        await checking.check(tasks, plan, sandboxes, grading.Grader(sandboxes, settings.grading), settings, summary=summary, tell=tell)


def _ours() -> frozenset[str]:
    return frozenset(recipe.reference for recipe in images.recipes().values())


def _ensure(names: list[str]) -> None:
    if names:
        with connected() as client:
            images.ensure(client, names, lambda _: None)


def _write(path: Path | None, report: Callable[[Summary], str], summary: Summary) -> None:
    if path is None:
        return
    try:
        path.write_text(report(summary), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"the report {path} can't be written: {error.strerror}") from None
