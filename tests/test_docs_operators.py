"""The page for operators is true: options and bounds are those of the code, the unit can be started, log lines are as written."""

import argparse
import configparser
import json
import logging
import re
import shlex
import shutil
import subprocess
from operator import attrgetter
from pathlib import Path

from command_lines import problem
from each import each
from snippets import ROOT, snippet, table

from codecraft_server.cli.parser import new_parser
from codecraft_server.log import KeyValueFormatter
from codecraft_server.settings import Settings

SOURCES = "".join(path.read_text() for path in (ROOT / "codecraft_server").rglob("*.py"))


def serve_options() -> dict[str, argparse.Action]:
    """What `serve` takes, by name."""
    (commands,) = (action for action in new_parser({})._actions if isinstance(action, argparse._SubParsersAction))
    serve = commands.choices["serve"]
    serve.parse_args([])  # it has its options once it was called
    actions = serve._actions
    return {action.option_strings[-1]: action for action in actions if action.dest != "help"}


def test_the_options_of_the_page_are_those_of_serve() -> None:
    """All of them in their order, each with its default where it has one."""
    options, shown = serve_options(), [(row[0].strip("`").split()[0], row[1].strip("`")) for row in table("docs/operators.md", "options")]
    assert sorted(name for name, _ in shown) == sorted(options)
    for name, default in shown:
        real = options[name].default
        if real is not None and real is not False and real != "":
            assert default == str(real)
        else:
            assert default in {"", "the one that ships", "the engine's", "made up"}


def test_the_bounds_of_the_page_are_those_of_the_settings() -> None:
    """Each by the path of its setting."""
    rows = table("docs/operators.md", "bounds")
    assert len(rows) > 5
    for path, value, _ in rows:
        assert attrgetter(path.strip("`"))(Settings()) == float(value), path


def test_the_unit_can_be_started(tmp_path: Path) -> None:
    """Its command line is understood, it gives the server more time than draining takes, and systemd finds no mistake in it."""
    text = snippet("docs/operators.md", "unit")
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(text)
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert problem([Path(program).name, *arguments]) == ""
    bounds = Settings()
    longest_s = bounds.episodes.drain_s + bounds.sandbox.kill_timeout_s + 2 * bounds.sandbox.close_timeout_s + bounds.rpc.stop_grace_s
    assert int(unit["Service"]["TimeoutStopSec"]) > longest_s
    if shutil.which("systemd-analyze"):
        (tmp_path / "codecraft.service").write_text(text.replace(program, "/bin/true").replace("docker.service", "sysinit.target"))
        checked = subprocess.run(
            ["systemd-analyze", "verify", "./codecraft.service"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert "codecraft.service" not in checked.stderr


@each("line", snippet("docs/operators.md", "log").splitlines())
def test_the_lines_of_the_log_are_such_as_are_written(line: str) -> None:
    """Formatted by the server's own formatter they come out as they stand; the logger and the event are in the code."""
    fields = {key: json.loads(value) if value.startswith('"') else value for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', line)}
    record = logging.makeLogRecord({"levelname": fields["level"].upper(), "name": fields["logger"], "msg": fields["event"]})
    record.__dict__.update({key: value for key, value in fields.items() if key not in {"time", "level", "logger", "event"}})
    assert KeyValueFormatter().format(record).partition(" ")[2] == line.partition(" ")[2]
    assert (ROOT / fields["logger"].replace(".", "/")).with_suffix(".py").exists()
    assert f'"{fields["event"]}"' in SOURCES
