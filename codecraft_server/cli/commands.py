"""What the commands do, but for `doctor`. Each returns its exit status and writes for people on standard output."""

import asyncio
import contextlib
import shlex
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from codecraft_server import app, curriculum, importing, log
from codecraft_server.docker import images, volume
from codecraft_server.docker.engine import Engine, connected
from codecraft_server.docker.owner import Place
from codecraft_server.docker.sweep import SweepReport, sweep
from codecraft_server.errors import ConfigurationError
from codecraft_server.settings import Settings
from codecraft_server.task import Task, Visibility

_ARCHITECTURES = ("amd64", "arm64")
_CLOSE_S = 5.0
_STDOUT = "-"
_LEAST_TITLE = 24  # characters, so that a title is still read as a line


def say(line: str) -> None:
    """Write a line for people, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(settings: Settings) -> int:
    """Serve until a signal."""
    log.configure(level=settings.log_level, as_json=settings.log_json)
    app.run(settings)
    return 0


def gc() -> int:
    """Remove what dead servers left. 1 when something could not be removed."""
    report = asyncio.run(_sweep())
    for name in report.containers:
        say(f"removed container {name}")
    for name in report.volumes:
        say(f"removed volume {name}")
    for line in report.failed:
        say(f"could not remove {line}")
    say(f"removed {len(report.containers)} containers and {len(report.volumes)} volumes; {report.left} containers of living servers stay")
    return 1 if report.failed else 0


async def _sweep() -> SweepReport:
    engine = Engine(threads=1)
    try:
        await engine.connect()
        return await sweep(engine, Place.open(), _current_volumes())
    finally:
        await engine.close(_CLOSE_S)


def _current_volumes() -> frozenset[str]:
    """Names of the guest volumes that this installation fills: the next server would only have to make them anew."""
    names = set()
    for architecture in _ARCHITECTURES:
        with contextlib.suppress(ConfigurationError):
            names.add(volume.guest_for(architecture).volume)
    return frozenset(names)


def build_images(names: Sequence[str]) -> int:
    """Build images of ours."""
    wanted = list(names) or sorted(images.recipes())
    with connected() as client:
        images.ensure(client, wanted, say)
    for name in wanted:
        say(f"{name.removesuffix(':' + images.VERSION)}:{images.VERSION} is up to date")
    return 0


def list_tasks(settings: Settings) -> int:
    """List the tasks of a curriculum, one a line."""
    tasks = curriculum.load(settings.curriculum, settings.defaults).tasks.values()
    rows = [("ID", "CATEGORY", "CHECKS", "IMAGE", "TITLE")]
    rows += [(task.task_id, task.category, str(len(task.checks)), task.sandbox.image, task.title) for task in tasks]
    for line in listing(rows, shutil.get_terminal_size().columns if sys.stdout.isatty() else None):
        say(line)
    return 0


def listing(rows: Sequence[tuple[str, ...]], width: int | None) -> list[str]:
    """Align columns. The last, a title, is folded to `width`; the one before goes where that had too little room. None: any width."""
    if width is None:
        return table(rows)
    if width - len(_before_last(rows)[0]) < _LEAST_TITLE:
        rows = [(*row[:-2], row[-1]) for row in rows]
    lines = []
    for start, row in zip(_before_last(rows), rows, strict=True):
        first, *more = textwrap.wrap(row[-1], max(_LEAST_TITLE, width - len(start))) or [""]
        lines += [f"{start}{first}".rstrip(), *(" " * len(start) + rest for rest in more)]
    return lines


def _before_last(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The lines of a table up to where its last column begins."""
    return [line.removesuffix("|") for line in table([(*row[:-1], "|") for row in rows])]


def show_task(settings: Settings, task_id: str) -> int:
    """Show one task."""
    for line in _described(curriculum.load(settings.curriculum, settings.defaults).get(task_id)):
        say(line)
    return 0


def import_tasks(settings: Settings, name: str, path: Path, output: str, *, force: bool) -> int:
    """Make a curriculum of a foreign file. `output`: a file, or `-` for standard output."""
    target = None if output == _STDOUT else Path(output)
    if target is not None:
        importing.refuse_taken(target, force=force)
    document = importing.convert(importing.FORMATS[name], path, settings.defaults)
    if target is None:
        sys.stdout.write(importing.checked_text(document, settings.defaults))
        return 0
    importing.save(document, target, settings.defaults, force=force)
    say(f"{target} has {len(document['tasks'])} tasks; `codecraft-server serve --curriculum {shlex.quote(output)}` serves them")
    return 0


def _described(task: Task) -> list[str]:
    limits, box = task.limits, task.sandbox
    shown = sum(check.visibility is not Visibility.HIDDEN for check in task.checks)
    rows = [
        ("id", task.task_id),
        ("title", task.title),
        ("category", task.category),
        ("tags", ", ".join(task.tags)),
        ("difficulty", str(task.difficulty or "unknown")),
        ("after", ", ".join(task.prerequisites)),
        ("image", box.image),
        ("shell", box.shell.decode(errors="replace")),
        ("directory", box.working_dir.decode(errors="replace")),
        ("user", "root" if box.root_user else "agent"),
        ("network", "yes" if box.network else "no"),
        ("steps", str(limits.steps)),
        ("time", f"{limits.episode_s:g} s in all, {limits.command_s:g} s a command, {limits.grading_s:g} s grading"),
        (
            "sandbox",
            f"{box.limits.cpus:g} CPU, {_mib(box.limits.memory_bytes)} memory, {_mib(box.limits.disk_bytes)} disk, {box.limits.pids} pids",
        ),
        ("checks", f"{len(task.checks)}; {shown or 'none'} shown after grading"),
        ("digest", task.digest),
    ]
    return [*table([row for row in rows if row[1]]), "", task.description, *(["", task.test] if task.test else [])]


def _mib(size: int) -> str:
    return f"{size / (1 << 20):g} MiB"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns, two blanks apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
