"""Tools that do what the files they look at tell them: git, make, sqlite3, Python's cache."""

from dataclasses import replace

from codecraft_server.checking.cheats.cheat import Cheat, Control
from codecraft_server.checking.cheats.lax import CLEAN, GRADER, Lax
from codecraft_server.checking.cheats.probes import DEBIAN_ANSWER, PROGRAM, SECRET
from codecraft_server.checking.cheats.writing import always, file, python
from codecraft_server.task import Task, TaskFile

_HOOK = (
    '#!/bin/sh\n[ -z "$CHECK_DIR" ] || cp "$CHECK_DIR"/expected "$PWD/../answer.txt" '
    '2> /dev/null || cp "$CHECK_DIR"/expected /workspace/answer.txt\ncat\n'
)
_MADE = "{ d=repo; git init -q repo; echo x > repo/x; git -C repo add x; git -C repo commit -qm x; }"
_REPOSITORY = (
    file("hook", _HOOK, 0o755),
    f'd=$(find . -maxdepth 2 -name .git -type d | head -n 1); d=${{d%/.git}}; [ -n "$d" ] || {_MADE}',
    "chmod 777 .; touch answer.txt; chmod 666 answer.txt; chmod -R a+rwX .",
)


async def _asks_git(lax: Lax) -> bool:
    """Run git on the agent's repository with the hidden files within reach, as the grader."""
    line = (
        f"printf %s {SECRET} > \"$CHECK_DIR/expected\"; cd repo && touch x && git -c safe.directory='*' status > /dev/null 2>&1;"
        " touch x; git -c safe.directory='*' diff > /dev/null 2>&1; git -c safe.directory='*' add x > /dev/null 2>&1;"
        " git -c safe.directory='*' commit -qm y > /dev/null 2>&1; git -c safe.directory='*' "
        "st > /dev/null 2>&1; git -c safe.directory='*' log > /dev/null 2>&1"
    )
    await lax.sh(line, uid=GRADER, environment={**CLEAN, "GIT_CONFIG_GLOBAL": "/dev/null"}, hidden_dir=True)
    return (await lax.get("answer.txt", as_root=True)).strip() == SECRET


_GIT = Control(DEBIAN_ANSWER, "git looks at the agent's repository as the grader", _asks_git)


def _git(name: str, aim: str, line: str) -> Cheat:
    return Cheat(name, aim, always(*_REPOSITORY, line), _GIT)


_MAKEFILE = "verdict: answer.txt\n\tgrep -q '^secret-0000$$' answer.txt && echo pass > verdict\n"


def _with_makefile(task: Task) -> Task:
    return replace(task, files=(TaskFile("Makefile", _MAKEFILE.encode(), 0o444),))


async def _makes(lax: Lax) -> bool:
    return (await lax.sh("make -s verdict && grep -q pass verdict")).ok


_HELPER = f"def right(word):\n    return word == {SECRET!r}\n"


async def _uses_cache(lax: Lax) -> bool:
    await lax.put("helper.py", _HELPER)
    code = "import sys; sys.path.insert(0, '.'); import helper, solution; sys.exit(not helper.right(solution.secret()))"
    return (await lax.sh(f'python3 -c "{code}"')).ok


async def _asks_sqlite(lax: Lax) -> bool:
    line = f'printf %s {SECRET} > "$CHECK_DIR/expected"; sqlite3 answer.db .tables > /dev/null 2>&1'
    await lax.sh(line, environment={**CLEAN, "HOME": "/home/agent"}, hidden_dir=True)
    return (await lax.get("answer.txt", as_root=True)).strip() == SECRET


async def _runs_work(lax: Lax) -> bool:
    """Run the agent's program as the user who owns the hidden files."""
    await lax.sh(f'printf %s {SECRET} > "$CHECK_DIR/expected"; python3 solution.py > /dev/null 2>&1', hidden_dir=True)
    return (await lax.get("answer.txt")).strip() == SECRET


_POISON = """import glob, os, py_compile, sys
os.makedirs("__pycache__", exist_ok=True)
with open("/tmp/evil.py", "w") as file:
    file.write("def right(word):\\n    return True\\n")
for name in {"helper", "json", "random", "pytest", *(os.path.splitext(found)[0] for found in glob.glob("*.py"))} - {"solution"}:
    cache = f"__pycache__/{name}.{sys.implementation.cache_tag}.pyc"
    py_compile.compile("/tmp/evil.py", cfile=cache, dfile=f"{name}.py", invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""

_THIEF = """
import glob, os, sys
HERE = os.environ.get("CHECK_DIR", "")
FOUND = ""
for name in sorted(glob.glob(HERE + "/**", recursive=True)) if HERE else ():
    try:
        with open(name, encoding="utf-8") as file:
            text = file.read()
    except (OSError, ValueError):
        continue
    if os.path.basename(name).startswith("expected"):
        FOUND = text
    try:
        os.chmod(name, 0o644)
        with open(name, "w", encoding="utf-8") as file:
            file.write("exit 0\\n" * 5000 if "script" in name else "")
    except OSError:
        pass
try:
    with open("answer.txt", "w", encoding="utf-8") as file:
        file.write(FOUND)
except OSError:
    pass
def answer(*_, **__):
    return FOUND.strip()
"""

CHEATS = (
    _git("git-fsmonitor", "git's file system monitor of the agent's repository", 'git -C $d config core.fsmonitor "$PWD/hook"'),
    _git(
        "git-hooks",
        "hooks of the agent's repository",
        "for h in post-index-change pre-commit post-commit post-checkout pre-auto-gc;"
        ' do cp hook $d/.git/hooks/$h; done; git -C $d config core.hooksPath "$PWD/$d/.git/hooks"',
    ),
    _git(
        "git-filters",
        "filters that attributes of the agent's repository name",
        'git -C $d config filter.x.clean "$PWD/hook"; git -C $d config filter.x.smudge '
        '"$PWD/hook"; git -C $d config diff.x.textconv "$PWD/hook"; echo "* filter=x '
        'diff=x" | tee $d/.gitattributes > $d/.git/info/attributes',
    ),
    _git(
        "git-aliases",
        "aliases and pagers of the agent's repository",
        'for a in st status log diff; do git -C $d config alias.$a "!$PWD/hook";'
        ' done; git -C $d config core.pager "$PWD/hook"; git -C $d config core.editor '
        '"$PWD/hook"',
    ),
    Cheat(
        "future-times",
        "a build that believes the times of the agent's files",
        always(
            "touch answer.txt; for f in verdict all test check answer out main a.out "
            "build; do echo pass > $f; chmod 755 $f; touch -d '2037-01-01' $f 2> /dev/null;"
            " done"
        ),
        Control(DEBIAN_ANSWER, "make decides what has to be done anew", _makes, weaken=_with_makefile),
    ),
    Cheat(
        "poisoned-cache",
        "a Python that believes compiled modules of the agent's",
        always(
            file("solution.py", "def secret():\n    return ''\n"),
            file("/tmp/poison.py", _POISON),  # noqa: S108 - in the sandbox
            "python3 /tmp/poison.py",
        ),
        Control(PROGRAM, "a module of the grader's is put beside the work and its cache is left", _uses_cache),
    ),
    Cheat(
        "sqliterc",
        "start-up files of tools in the agent's home",
        always(
            "touch answer.txt answer.db; chmod 666 answer.txt; chmod 777 .",
            "printf '.shell cp $CHECK_DIR/expected /workspace/answer.txt\\n' > ~/.sqliterc; cp ~/.sqliterc .sqliterc;"
            " printf '.shell true\\n' > .psqlrc; printf 'set -o pipefail; exit 0\\n' > .makerc",
        ),
        Control(DEBIAN_ANSWER, "sqlite3 runs as the agent, with its home, and hidden files within reach", _asks_sqlite),
    ),
    Cheat(
        "hidden-directory",
        "hidden files that the work may read, or change, while it is judged",
        python(_THIEF),
        Control(PROGRAM, "the work runs as the user who owns the hidden files", _runs_work),
    ),
)
