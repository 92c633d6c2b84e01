"""The options of every command, each with its environment variable; and how they become settings."""

import argparse
import os
import re
import shutil
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from codecraft_server import __version__, log
from codecraft_server.checking.cheats import CHEATS
from codecraft_server.cli import check, commands, doctor
from codecraft_server.errors import ConfigurationError
from codecraft_server.importing import FORMATS
from codecraft_server.settings import Settings

_PREFIX = "CODECRAFT_"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}
_MAX_PORT = 65_535
_MAX_TOKEN_BYTES = 4096
_MIN_TOKEN_CHARS = 16  # below it guessing becomes a plan


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, not the whole usage. Gets its options when it is called: of all commands one is."""

    def __init__(self, *args: Any, options: "Callable[[_Parser], None] | None" = None, **how: Any) -> None:
        super().__init__(*args, **how)
        self._add_options = options

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Refuse what is unknown here, where it was typed: argparse would hand it to the outermost command."""
        if self._add_options is not None:
            self._add_options(self)
            self._add_options = None
        chosen, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return chosen, unknown


class _Variable(str):
    """The text of a variable, which says its name where it can't be read."""

    __slots__ = ("name",)
    name: str

    @classmethod
    def of(cls, name: str, text: str) -> "_Variable":
        """Make one."""
        made = cls(text)
        made.name = name
        return made


def _read(reader: Callable[[str], Any], text: str) -> Any:
    """Read a value. ConfigurationError where it is a variable's: argparse would name an option that nobody typed."""
    try:
        return reader(text)
    except argparse.ArgumentTypeError as error:
        if isinstance(text, _Variable):
            raise ConfigurationError(f"{text.name}: {error}") from None
        raise


class _Options:
    """Adds options to a command, each with a default from its environment variable."""

    def __init__(self, parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
        self._parser = parser
        self._environment = environment

    def value(self, name: str, default: Any, help_: str, **how: Any) -> None:
        """Add `--name VALUE`; the variable's text is read exactly as the option's would be."""
        variable = _variable(name)
        given = self._environment.get(variable) or None
        shown = f" (default {default}; ${variable})" if default not in (None, "") else f" (${variable})"
        if given is not None and given not in how.get("choices", (given,)):  # argparse looks at what is typed only
            raise ConfigurationError(f"{variable} must be one of {', '.join(how['choices'])}, not {given!r}")
        if "type" in how:
            how["type"] = partial(_read, how["type"])
        self._parser.add_argument(
            f"--{name}", default=default if given is None else _Variable.of(variable, given), help=help_ + shown, **how
        )

    def flag(self, name: str, help_: str) -> None:
        """Add `--name`."""
        variable = _variable(name)
        given = self._environment.get(variable, "").strip().lower()
        if given not in _TRUE | _FALSE:
            raise ConfigurationError(f"{variable} must be 1 or 0, not {given!r}")
        self._parser.add_argument(f"--{name}", action="store_true", default=given in _TRUE, help=f"{help_} (${variable}=1)")


def _variable(name: str) -> str:
    return _PREFIX + name.upper().replace("-", "_")


def new_parser(environment: Mapping[str, str] = os.environ) -> argparse.ArgumentParser:
    """Make the parser. What it returns has `run`, a function of itself that returns the exit status.

    It raises ConfigurationError where a variable of the command that is called stands for a flag and is neither 1 nor 0, or stands
    for a choice and is none.
    """
    parser = _Parser(prog="codecraft-server", description="Serves coding tasks in sandboxes to agents, over gRPC.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"codecraft-server {__version__}")
    commands_ = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    _add(commands_, "serve", _serve, "serve until SIGTERM or SIGINT", "Serves until SIGTERM or SIGINT.", environment=environment)
    _add(commands_, "doctor", _doctor, "tell whether this machine can serve, and what to do if not", environment=environment)
    what = "remove what dead servers left: containers and old guest volumes"
    _add(commands_, "gc", _gc, what, f"{what.capitalize()}. Living servers are not touched.")
    _add(commands_, "images", _images, "build our sandbox images that are missing or out of date")
    _add(commands_, "tasks", _tasks, "look at a curriculum, or import one", environment=environment)
    return parser


def _add(to: Any, name: str, options: Callable[..., None], what: str, described: str = "", **more: Any) -> None:
    """Add a command, told by `what` it does; `options`, called with `more`, adds its options to it."""
    to.add_parser(name, help=what, description=described or f"{what.capitalize()}.", allow_abbrev=False, options=partial(options, **more))


def _serve(parser: _Parser, environment: Mapping[str, str]) -> None:
    options = _Options(parser, environment)
    defaults = Settings()
    _add_listen(options)
    _add_curriculum(options)
    options.flag("allow-remote", "listen on an address that other machines can reach")
    options.value("max-episodes", defaults.episodes.max_episodes, "episodes open at once", metavar="N", type=_at_least(1))
    options.value("gradings", defaults.grading.places, "gradings at once, besides the episodes", metavar="N", type=_at_least(1))
    options.value(
        "warm",
        defaults.sandbox.warm_per_image,
        "sandboxes kept started for each kind once asked for",
        metavar="N",
        type=_at_least(0),
    )
    options.flag("allow-network", "allow tasks that want a network")
    _add_runtime(options)
    options.value("agent-token-file", None, "file with the token that agents must send", metavar="FILE", type=Path)
    options.value("control-token-file", None, "file with the token of the control service", metavar="FILE", type=Path)
    options.value("worker", "", "name that ids of episodes start with; made up when not given", metavar="NAME", type=_worker)
    options.value("log-level", defaults.log_level, "log from this level on", choices=log.LEVELS)
    options.flag("log-json", "log in JSON")
    options.flag("no-images", "do not build missing images of ours at the start")
    parser.set_defaults(run=lambda chosen: commands.serve(settings(chosen)))


def _doctor(parser: _Parser, environment: Mapping[str, str]) -> None:
    options = _Options(parser, environment)
    _add_listen(options)
    _add_curriculum(options)
    _add_runtime(options)
    parser.set_defaults(run=lambda chosen: doctor.run(settings(chosen)))


def _gc(parser: _Parser) -> None:
    parser.set_defaults(run=lambda _: commands.gc())


def _images(parser: _Parser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as codecraft/debian; all when none is given")
    parser.set_defaults(run=lambda chosen: commands.build_images(chosen.names))


def _tasks(parser: _Parser, environment: Mapping[str, str]) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    _add(verbs, "list", _list, "list its tasks", "Lists the tasks of a curriculum.", environment=environment)
    _add(verbs, "show", _show, "show one task", "Shows one task as an agent gets it.", environment=environment)
    _add(verbs, "import", _import, "make a curriculum of tasks that others wrote")
    what = "play its tasks and prove them: solutions, wrong answers, cheats, milestones, budgets"
    _add(verbs, "check", _check, what, f"{what.capitalize()}. docs/tasks.md has more.", environment=environment)


def _list(parser: _Parser, environment: Mapping[str, str]) -> None:
    _add_curriculum(_Options(parser, environment))
    parser.set_defaults(run=lambda chosen: commands.list_tasks(settings(chosen)))


def _show(parser: _Parser, environment: Mapping[str, str]) -> None:
    parser.add_argument("task_id", metavar="ID", help="id of the task")
    _add_curriculum(_Options(parser, environment))
    parser.set_defaults(run=lambda chosen: commands.show_task(settings(chosen), chosen.task_id))


def _import(parser: _Parser) -> None:
    formats = "; ".join(f"{name}: {importer.what}" for name, importer in FORMATS.items())
    parser.add_argument("format", metavar="FORMAT", choices=sorted(FORMATS), help=formats)
    parser.add_argument("path", metavar="PATH", type=Path, help="what to import")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the curriculum to write; -: to standard output")
    parser.add_argument("--force", action="store_true", help="replace the file where it is there already")
    parser.set_defaults(
        run=lambda chosen: commands.import_tasks(settings(chosen), chosen.format, chosen.path, chosen.output, force=chosen.force)
    )


def _filled(text: str) -> str:
    return textwrap.fill(text, shutil.get_terminal_size().columns - 2, break_on_hyphens=False)


def _check(parser: _Parser, environment: Mapping[str, str]) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # the usual one breaks names at their hyphens
    parser.description = _filled(parser.description or "")
    parser.epilog = _filled(f"The cheats: {', '.join(CHEATS)}.")
    defaults = check.Wanted()
    parser.add_argument("tasks", nargs="*", metavar="TASK", help="id or glob of tasks; all when none is given")
    parser.add_argument("--category", action="append", default=[], metavar="NAME", help="only tasks of this category; may be repeated")
    parser.add_argument("--sample", type=_at_least(1), default=0, metavar="N", help="only N of them, chosen by --seed")
    parser.add_argument("--seed", type=_at_least(0), default=defaults.seed, metavar="N", help="of the sample (default 0)")
    parser.add_argument("--cheats", default="all", metavar="NAMES", help="all, none, or names or globs with commas between (default all)")
    parser.add_argument("--spread", action="store_true", help="try each cheat on one of the tasks only, for a quick look")
    parser.add_argument(
        "--repeats", type=_at_least(1), default=defaults.repeats, metavar="N", help="play each solution N times (default 1)"
    )
    parser.add_argument("--load", type=_at_least(1), default=0, metavar="N", help="play each solution N times more, at the same time")
    parser.add_argument("--parallel", type=_at_least(1), default=0, metavar="N", help="attempts at once (default: number of cores + 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON too")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the findings as JUnit XML too")
    parser.add_argument("--no-color", action="store_true", help="no colours")
    options = _Options(parser, environment)
    _add_curriculum(options)
    _add_runtime(options)
    options.flag("allow-network", "allow tasks that want a network")
    options.flag("no-images", "do not build missing images of ours at the start")
    options.value("worker", "", "name that sandboxes start with; made up when not given", metavar="NAME", type=_worker)
    options.value("log-level", "error", "log from this level on", choices=log.LEVELS)
    parser.set_defaults(run=lambda chosen: check.run(settings(chosen), _wanted(chosen)))


def _wanted(chosen: argparse.Namespace) -> check.Wanted:
    return check.Wanted(
        tasks=chosen.tasks,
        categories=chosen.category,
        sample=chosen.sample,
        seed=chosen.seed,
        cheats=chosen.cheats.split(","),
        spread=chosen.spread,
        repeats=chosen.repeats,
        load=chosen.load,
        parallel=chosen.parallel,
        json=chosen.json,
        junit=chosen.junit,
        color=not chosen.no_color,
    )


def _add_listen(options: _Options) -> None:
    defaults = Settings()
    options.value(
        "listen", f"{defaults.host}:{defaults.port}", "address to listen on; port 0: any that is free", metavar="HOST:PORT", type=_address
    )


def _add_curriculum(options: _Options) -> None:
    options.value("curriculum", None, "curriculum to use instead of the one that ships", metavar="FILE", type=Path)


def _add_runtime(options: _Options) -> None:
    options.value("runtime", "", "container runtime, such as runsc; the engine's default when not given", metavar="NAME")


def settings(chosen: argparse.Namespace) -> Settings:
    """Make settings of what was chosen; what the command has no option for keeps its default.

    Raises:
        ConfigurationError: A token file can't be used.
    """
    given = vars(chosen)
    base = Settings()
    host, port = given.get("listen", (base.host, base.port))
    return replace(
        base,
        host=host,
        port=port,
        allow_remote=given.get("allow_remote", base.allow_remote),
        curriculum=given.get("curriculum"),
        worker=given.get("worker", base.worker),
        agent_token=_token(given.get("agent_token_file")),
        control_token=_token(given.get("control_token_file")),
        log_json=given.get("log_json", base.log_json),
        log_level=given.get("log_level", base.log_level),
        build_images=not given.get("no_images", False),
        episodes=replace(base.episodes, max_episodes=given.get("max_episodes", base.episodes.max_episodes)),
        grading=replace(base.grading, places=given.get("gradings", base.grading.places)),
        sandbox=replace(
            base.sandbox,
            runtime=given.get("runtime", base.sandbox.runtime),
            allow_network=given.get("allow_network", base.sandbox.allow_network),
            warm_per_image=given.get("warm", base.sandbox.warm_per_image),
        ),
    )


def _token(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            token = file.read(_MAX_TOKEN_BYTES + 1).decode("ascii").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no ASCII text"
        raise ConfigurationError(f"the token file {path} can't be read: {reason}") from None
    if not _MIN_TOKEN_CHARS <= len(token) <= _MAX_TOKEN_BYTES or not token.isprintable() or " " in token:
        raise ConfigurationError(
            f"the token file {path} must hold {_MIN_TOKEN_CHARS} to {_MAX_TOKEN_BYTES} characters without blanks; "
            f"`openssl rand -hex 32 > {path}` makes a good one"
        )
    return token


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051")
    if host.startswith("[") != host.endswith("]") or (":" in host and not host.startswith("[")):
        raise argparse.ArgumentTypeError(f"{text!r}: an IPv6 address stands in brackets, such as [::1]:50051")
    return host.strip("[]"), int(port)


def _at_least(least: int) -> Any:
    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) < 1_000_000:  # noqa: PLR2004 - a typing error, whatever the machine
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} on")
        return int(text)

    return number


def _worker(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no worker name: 1 to 32 of A-Z a-z 0-9 _ . -, a letter or digit first")
    return text
