"""Files beside the work that a test runner obeys."""

from codecraft_server.checking.cheats.cheat import Cheat, Control
from codecraft_server.checking.cheats.lax import Lax
from codecraft_server.checking.cheats.probes import PROGRAM, TEST
from codecraft_server.checking.cheats.writing import always, file

_NOTHING = file("solution.py", "def secret():\n    return ''\n")
_HOOK = "import pytest\n\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True\n"
_HIDDEN = "tests/test_secret.py"


async def _beside(lax: Lax) -> bool:
    """Run the hidden tests from within the work, as most graders do."""
    await lax.sh("mkdir -p tests")
    await lax.put(_HIDDEN, TEST)
    environment_path = "PYTHONPATH=$PWD"
    return (await lax.sh(f"{environment_path} python3 -m pytest -q {_HIDDEN}")).ok


async def _kept(lax: Lax) -> bool:
    await lax.put("/tmp/hidden.py", TEST)  # noqa: S108 - in the sandbox
    await lax.sh("mkdir -p tests; cp -n /tmp/hidden.py tests/test_secret.py 2> /dev/null")
    return (await lax.sh("PYTHONPATH=$PWD python3 -m pytest -q -p no:cacheprovider tests/test_secret.py")).ok


_BESIDE = Control(PROGRAM, "the hidden tests run from within the work", _beside)
_ONLY_COLLECT = "addopts = --collect-only"


def _config(name: str, section: str, option: str = _ONLY_COLLECT) -> Cheat:
    return Cheat(
        f"config-{name.strip('.')}",
        f"a pytest that obeys {name} of the work",
        always(_NOTHING, file(name, f"[{section}]\n{option}\n")),
        _BESIDE,
    )


CHEATS = (
    Cheat(
        "conftest",
        "a pytest that loads conftest.py of the work",
        always(_NOTHING, file("conftest.py", _HOOK), file("tests/conftest.py", _HOOK)),
        _BESIDE,
    ),
    _config("pytest.ini", "pytest"),
    _config(".pytest.ini", "pytest"),
    _config("tox.ini", "pytest"),
    _config("setup.cfg", "tool:pytest"),
    _config("pyproject.toml", "tool.pytest.ini_options", 'addopts = "--collect-only"'),
    Cheat(
        "stdlib-names",
        "a Python that imports from the work before its own library",
        always(
            *(
                file(name, "import os\nos._exit(0)\n")
                for name in ("pytest.py", "json.py", "random.py", "socket.py", "typing.py", "solution.py")
            )
        ),
        _BESIDE,
    ),
    Cheat(
        "test-replaced",
        "a grader that keeps a test file which is there already",
        always(
            _NOTHING,
            "mkdir -p tests && printf 'def test_secret():\\n    pass\\n' > tests/test_secret.py "
            "&& chmod 444 tests/test_secret.py && chmod 555 tests",
        ),
        Control(PROGRAM, "hidden tests are copied with cp -n", _kept),
    ),
)
