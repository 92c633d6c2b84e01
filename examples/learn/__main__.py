"""The command line: trains, with a progress bar, and leaves the numbers and the picture."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from codecraft_client import CodecraftError
from codecraft_client.demo_server import own_server
from codecraft_client.errors import TaskNotFoundError, UsageError
from examples.learn import plot, telling
from examples.learn.curriculum import FILE
from examples.learn.families import FAMILIES
from examples.learn.learner import Settings
from examples.learn.training import ENVIRONMENTS, MODES, Row, Wanted, train

# Sandboxes are made ready for the next batch while one is played.
SERVER = ("--curriculum", str(FILE), "--warm", str(ENVIRONMENTS), "--log-level", "warning")
QUICK_BATCHES = 14
INTERRUPTED = 130


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    names = [family.name for family in FAMILIES]
    parser = argparse.ArgumentParser(
        prog="python -m examples.learn", description="Trains a small policy on real sandboxes and draws its learning curves."
    )
    parser.add_argument("--tasks", nargs="+", choices=names, default=names, help="families of tasks (default: all)")
    parser.add_argument("--rewards", nargs="+", choices=MODES, default=list(MODES), help="what pays (default: both)")
    parser.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="trainings of each kind; from 2 on there are confidence bands (default 1)"
    )
    parser.add_argument(
        "--batches", type=int, default=20, metavar="N", help=f"updates of each training, {ENVIRONMENTS} episodes each (default 20)"
    )
    parser.add_argument("--quick", action="store_true", help=f"one task, milestones only, one seed, {QUICK_BATCHES} batches: a first look")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/learning"),
        metavar="PATH",
        help="writes PATH.csv and PATH.png, or PATH-2 and so on (default runs/learning)",
    )
    parser.add_argument(
        "--target", metavar="HOST:PORT", help="a server that serves examples/learn/curriculum.json; default: one of its own"
    )
    parser.add_argument("--draw", action="store_true", help="only draw PATH.png anew, from PATH.csv")
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.tasks, chosen.rewards, chosen.seeds, chosen.batches = ["layers"], ["milestones"], 1, QUICK_BATCHES
    return chosen


def trainings(chosen: argparse.Namespace) -> list[Wanted]:
    """Return what is to be trained, one seed after another, so that an interruption leaves whole comparisons."""
    families = [family for family in FAMILIES if family.name in chosen.tasks]
    seeds = range(1, chosen.seeds + 1)
    return [Wanted(family, mode, seed, chosen.batches) for seed in seeds for family in families for mode in chosen.rewards]


@contextmanager
def server(target: str | None, console: Console) -> Iterator[str]:
    """Yield the address of the server that was named, or of one that is started here and ended afterwards."""
    if target:
        yield target
        return
    with console.status("starting a server") as status, own_server(lambda line: status.update(f"server: {line}"), SERVER) as address:
        status.stop()
        yield address


@contextmanager
def new_csv(out: Path) -> Iterator[Path]:
    """Yield a file of numbers that is new, as is the name of its picture; it is removed where nothing was written."""
    for number in count(1):
        path = (out if number == 1 else out.with_name(f"{out.stem}-{number}")).with_suffix(".csv")
        if path.with_suffix(".png").exists():
            continue
        with suppress(FileExistsError):
            path.touch(exist_ok=False)
            break
    try:
        yield path
    finally:
        if not path.stat().st_size:
            path.unlink()


def run(wanted: Sequence[Wanted], target: str, csv: Path, console: Console) -> list[Row]:
    """Train all of it, or until Ctrl-C; the numbers so far are in the file at any time."""
    rows: list[Row] = []
    with telling.progress(console) as progress, suppress(KeyboardInterrupt):
        training = progress.add_task("episodes", total=sum(each.batches for each in wanted) * ENVIRONMENTS)
        for each in wanted:
            for row in train(each, target, Settings()):
                rows.append(row)
                plot.write_csv(csv, rows)
                progress.update(training, advance=ENVIRONMENTS, description=telling.described(row))
    return rows


def trained(chosen: argparse.Namespace, console: Console) -> tuple[Path, list[Row]]:
    """Train, with the numbers in a new file."""
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with new_csv(chosen.out) as csv, server(chosen.target, console) as address:
        try:
            return csv, run(trainings(chosen), address, csv, console)
        except TaskNotFoundError as error:
            name = FILE.relative_to(Path(__file__).parents[2])
            raise UsageError(f"the server at {address} does not serve {name}; start it with --curriculum {name}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, or only draw; returns the exit status."""
    chosen, console = options(arguments), Console()
    csv = chosen.out.with_suffix(".csv")
    try:
        csv, rows = (csv, plot.read_csv(csv)) if chosen.draw else trained(chosen, console)
        if not rows:
            return INTERRUPTED
        png = csv.with_suffix(".png")
        plot.draw(png, rows)
    except (CodecraftError, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        return 1
    except ImportError as error:
        console.print(f"{csv} is written; for the picture install the extra `examples` ({error})")
        return 1
    console.print(telling.table(rows))
    console.print(f"numbers: {csv}\npicture: {png}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
