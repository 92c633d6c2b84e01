"""Options and their environment variables become settings, and what is wrong is said in one line with the remedy."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from each import each

from codecraft_server.checking.cheats import CHEATS
from codecraft_server.cli import main
from codecraft_server.cli.parser import new_parser, settings
from codecraft_server.errors import ConfigurationError
from codecraft_server.settings import Settings

TOKEN = "0123456789abcdef"


def parsed(*arguments: str, **environment: str) -> Settings:
    """The settings of `serve` with these arguments and variables."""
    return settings(new_parser(environment).parse_args(["serve", *arguments]))


def test_without_options_the_defaults_of_settings_hold() -> None:
    """The command line has no second set of defaults."""
    assert parsed() == Settings()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """A file with a token."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


CASES = [
    ("listen", "[::1]:0", lambda found: (found.host, found.port), ("::1", 0)),
    ("listen", "localhost:7", lambda found: (found.host, found.port), ("localhost", 7)),
    ("curriculum", "/c.json", lambda found: found.curriculum, Path("/c.json")),
    ("max-episodes", "7", lambda found: found.episodes.max_episodes, 7),
    ("gradings", "3", lambda found: found.grading.places, 3),
    ("warm", "3", lambda found: found.sandbox.warm_per_image, 3),
    ("runtime", "runsc", lambda found: found.sandbox.runtime, "runsc"),
    ("worker", "w-1", lambda found: found.worker, "w-1"),
    ("log-level", "debug", lambda found: found.log_level, "debug"),
    ("allow-remote", None, lambda found: found.allow_remote, True),
    ("allow-network", None, lambda found: found.sandbox.allow_network, True),
    ("log-json", None, lambda found: found.log_json, True),
    ("no-images", None, lambda found: found.build_images, False),
]


@each(("name", "text", "get", "expected"), CASES)
def test_each_option_and_its_variable_set_the_same(name: str, text: str | None, get: object, expected: object) -> None:
    """`--some-option X` and CODECRAFT_SOME_OPTION=X mean the same, and the option wins over a variable."""
    variable = "CODECRAFT_" + name.upper().replace("-", "_")
    by_option = parsed(f"--{name}", *([text] if text else []))
    by_variable = parsed(**{variable: text or "1"})
    assert get(by_option) == get(by_variable) == expected  # type: ignore[operator]
    assert get(Settings()) != expected  # type: ignore[operator]


def test_every_option_of_serve_is_tried_here() -> None:
    """An option that is added is added to the cases above, or is one of the token files."""
    serve = new_parser({})._subparsers._group_actions[0].choices["serve"]  # type: ignore[union-attr,index]
    serve.parse_args([])  # it has its options once it was called
    names = {option.removeprefix("--") for action in serve._actions for option in action.option_strings if option.startswith("--")}  # type: ignore[union-attr]
    assert names - {"help"} == {case[0] for case in CASES} | {"agent-token-file", "control-token-file"}


def test_an_option_wins_over_its_variable() -> None:
    """What is said closer to the call counts."""
    assert parsed("--worker", "a", CODECRAFT_WORKER="b").worker == "a"


def test_tokens_come_from_files(token_file: Path) -> None:
    """The token is the file's text without the line end; each service has its own."""
    assert parsed("--agent-token-file", str(token_file)).agent_token == TOKEN
    assert parsed(CODECRAFT_CONTROL_TOKEN_FILE=str(token_file)).control_token == TOKEN


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "can't be read"), (b"", "must hold"), (b"short", "must hold"), (b"two words and more", "must hold"), (b"\xff" * 20, "ASCII")],
)
def test_a_token_file_that_is_none_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """A missing, empty, guessable or broken token never means no token."""
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=problem) as error:
        parsed("--agent-token-file", str(path))
    assert str(path) in error.value.message


@each(
    ("arguments", "environment", "words"),
    [
        (["serve", "--listen", "nowhere"], {}, "HOST:PORT"),
        (["serve", "--listen", "127.0.0.1:70000"], {}, "HOST:PORT"),
        (["serve", "--listen", "::1:5"], {}, "brackets"),
        (["serve", "--max-episodes", "0"], {}, "max-episodes"),
        (["serve", "--warm", "-1"], {}, "--warm"),
        (["serve", "--worker", "a/b"], {}, "worker name"),
        (["serve", "--log-level", "loud"], {}, "--log-level"),
        (["serve", "--nonsense"], {}, "--nonsense; see codecraft-server serve --help"),
        (["tasks", "list", "--nonsense"], {}, "--nonsense; see codecraft-server tasks list --help"),
        (["serve"], {"CODECRAFT_MAX_EPISODES": "many"}, "codecraft-server: CODECRAFT_MAX_EPISODES: 'many' is no number"),
        (["serve"], {"CODECRAFT_ALLOW_REMOTE": "maybe"}, "CODECRAFT_ALLOW_REMOTE must be 1 or 0"),
        (["serve"], {"CODECRAFT_LOG_LEVEL": "loud"}, "CODECRAFT_LOG_LEVEL must be one of debug"),
        (["dance"], {}, "dance"),
        ([], {}, "COMMAND"),
        (["tasks"], {}, "VERB"),
        (["serve", "--curriculum", "/nowhere/c.json"], {}, "/nowhere/c.json"),
    ],
)
def test_bad_usage_is_one_line_on_standard_error_and_status_2(
    arguments: list[str], environment: Mapping[str, str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback and no wall of text: what is wrong, and where the help is."""
    with monkeypatch.context() as only_here:
        for name, value in environment.items():
            only_here.setenv(name, value)
        try:
            status = main(arguments)
        except SystemExit as end:
            status = int(end.code or 0)
    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert words in said.err
    assert said.err.count("\n") == 1


@each("command", [[], ["serve"], ["doctor"], ["gc"], ["images"], ["tasks"], ["tasks", "list"], ["tasks", "show"]])
def test_help_is_everywhere(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0 and describes the command."""
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    assert "usage: codecraft-server" in capsys.readouterr().out


def test_help_names_the_cheats(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, each in one piece, in lines that fit."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["tasks", "check", "--help"])
    said = capsys.readouterr().out
    assert set(CHEATS) <= {word.rstrip(",.") for word in said.split()}
    assert max(map(len, said.splitlines())) <= 80


def test_help_names_the_variables(capsys: pytest.CaptureFixture[str]) -> None:
    """Each option of serve tells its environment variable."""
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name in [case[0] for case in CASES]:
        assert f"$CODECRAFT_{name.upper().replace('-', '_')}" in said
