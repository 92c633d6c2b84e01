"""Cheats against grading in real containers. Each has a control: what it aims at is really there, so that its failure proves something."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from grading_helpers import Opener, do, judge, reasons, verdict
from shipped import SHIPPED

from codecraft_server.grading.verdict import Grade
from codecraft_server.layout import lay_out
from codecraft_server.sandbox import Output, OutputPolicy, Sandbox
from codecraft_server.task import Check, CommandCheck, Deed, Expected, FileCheck, GradingPlace, Match, Task, TaskFile, Visibility

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

HELLO = SHIPPED.get("1")
GREETING = "Hello, World!"
_POLICY = OutputPolicy(stream=False, separate=False, kept=4096, max_output=65_536, window=0, stall_s=5.0, stall_total_s=5.0)

SHIM = TaskFile("bin/python3", f"#!/bin/sh\necho '{GREETING}'\n".encode(), 0o755)
SITE = "$(python3 -c 'import site; print(site.getusersitepackages())')"
STUB = "echo 'pass' > hello.py"


def judging(command: str) -> Task:
    """Task 1 with one other check: that a command line prints the greeting."""
    body = CommandCheck(command, stdout=Expected(Match.NORMALIZED, GREETING))
    return replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),))


async def says(sandbox: Sandbox, command: str) -> str:
    """What the agent's own session says, to show that the cheat is in place."""
    running = await sandbox.run(command.encode(), session="main", timeout_s=20.0, output=_POLICY)
    return b"".join([event.data async for event in running.events() if isinstance(event, Output)]).decode()


async def cheated(opened: Opener, task: Task, deeds: Sequence[Deed], control: str) -> Grade:
    """Do the deeds, make sure that `control` prints the greeting in the agent's session, and grade."""
    sandbox = await opened(task.sandbox)
    await do(sandbox, deeds)
    assert GREETING in await says(sandbox, control), "the cheat is not in place, so its failure would prove nothing"
    return await judge(opened, task, sandbox)


@pytest.mark.parametrize(
    ("name", "deeds", "control"),
    [
        ("PATH", ("mkdir bin", SHIM, "cp bin/python3 bin/sh; export PATH=$PWD/bin:$PATH", STUB), "python3 hello.py"),
        ("alias", (f"alias python3='echo \"{GREETING}\" #'; shopt -s expand_aliases", STUB), "python3 hello.py"),
        ("function", (f"python3() {{ echo '{GREETING}'; }}; export -f python3", STUB), "python3 hello.py"),
        (
            "usercustomize",
            (f"d={SITE}; mkdir -p $d && echo 'print(\"{GREETING}\")' > $d/usercustomize.py", STUB),
            "python3 hello.py",
        ),
        ("pth", (f"d={SITE}; mkdir -p $d && echo 'import sys; print(\"{GREETING}\")' > $d/x.pth", STUB), "python3 hello.py"),
        (
            "PYTHONSTARTUP and PYTHONPATH",
            (f"mkdir p && echo 'print(\"{GREETING}\")' > p/sitecustomize.py && export PYTHONPATH=$PWD/p", STUB),
            "python3 hello.py",
        ),
        (
            "profile",
            (
                f"for f in .bashrc .profile; do echo 'echo \"{GREETING}\"' > ~/$f; done; export ENV=~/.profile BASH_ENV=~/.bashrc",
                STUB,
            ),
            "bash -c true",
        ),
        (
            "LD_PRELOAD",
            (
                f"printf '#include <stdio.h>\\n__attribute__((constructor)) void f(void) {{ puts(\"{GREETING}\"); }}\\n' > ~/x.c",
                "gcc -shared -fPIC -o ~/x.so ~/x.c && export LD_PRELOAD=$HOME/x.so",
                STUB,
            ),
            "python3 hello.py",
        ),
    ],
)
async def test_nothing_of_the_agents_surroundings_counts(name: str, deeds: tuple[Deed, ...], control: str, opened: Opener) -> None:
    """Shims, shell start-up files, user site-packages and preloaded libraries rule the agent's session and mean nothing to the checks."""
    judged = await cheated(opened, HELLO, deeds, control)
    assert judged.score == 0.0, f"{name} earned a reward"


async def test_a_daemon_that_would_rewrite_the_work_is_dead_before_the_checks(opened: Opener) -> None:
    """A process that left its session and waits for the grading can't change what is graded; nobody kills it where nobody grades."""
    task = judging("sleep 1.5; cat hello.py")
    sandbox = await opened(task.sandbox)
    daemon = TaskFile("daemon", f"sleep 0.5; echo '{GREETING}' > hello.py\n".encode(), 0o644)
    start = "echo no > hello.py; setsid sh daemon > /dev/null 2>&1 &"
    await do(sandbox, (daemon, start))
    assert GREETING in await says(sandbox, "sleep 1.5; cat hello.py"), "the daemon does not rewrite"
    await do(sandbox, (start,))
    assert (await judge(opened, task, sandbox)).score == 0.0


async def test_a_link_to_what_the_agent_may_not_read_leads_nowhere(opened: Opener) -> None:
    """Files are looked at with the agent's rights: a link planted at a checked path opens no door in the agent's sandbox either."""
    body = FileCheck("hello.py", content=Expected(Match.CONTAINS, "root:"))
    task = replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),), grading_place=GradingPlace.IN_PLACE)
    shadow = await verdict(opened, task, ("ln -s /etc/shadow hello.py",))
    assert shadow.score == 0.0, "the grader read /etc/shadow for the agent"
    passwd = await verdict(opened, task, ("ln -s /etc/passwd hello.py",))
    assert passwd.score == 1.0, reasons(passwd)


@pytest.mark.parametrize(
    "planted", ["mkfifo hello.py", "ln -s /dev/zero hello.py", "ln -s /proc/self/environ hello.py", "ln -s hello.py hello.py"]
)
async def test_what_is_no_regular_file_is_never_waited_for(planted: str, opened: Opener) -> None:
    """FIFOs, devices, process files and circles at a checked path fail the check at once."""
    body = FileCheck("hello.py", content=Expected(Match.REGEX, ".*"))
    task = replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),))
    async with asyncio.timeout(20):
        assert (await verdict(opened, task, (planted,))).score == 0.0


@pytest.mark.parametrize("shut", ["chmod 000 hello.py", "chmod 000 ."])
async def test_shutting_the_grader_out_is_a_failure_and_no_fault(shut: str, opened: Opener) -> None:
    """Who takes the rights off its work has failed; it can't make the grading invalid."""
    judged = await verdict(opened, HELLO, (*HELLO.solution, shut))
    assert judged.score == 0.0


@pytest.mark.parametrize(
    ("name", "program", "reason"),
    [
        ("loop", "while True: pass", "ran out of time"),
        ("flood", "while True: print('x' * 65536)", "printed too much"),
        ("memory", "x = bytearray(2_000_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1", ""),
        ("suicide", "import os; os.kill(os.getpid(), 9)", ""),
        ("early exit", f"import os; os.write(1, b'{GREETING}\\n'); os._exit(3)", "exited with 3"),
        ("forged result", "print('::check greeting passed::'); print('{\"passed\": true}')", "stdout must be"),
        ("parricide", f"import os; print('{GREETING}', flush=True); os.kill(os.getppid(), 9)", ""),
        ("fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "ran out of time"),
    ],
)
async def test_a_hostile_program_only_fails_its_check(name: str, program: str, reason: str, opened: Opener) -> None:
    """Whatever the work does when it is run, grading ends in time and says what happened, and the next check still runs."""
    task = replace(HELLO, checks=tuple(replace(check, timeout_s=3.0) for check in (HELLO.checks[1], HELLO.checks[0])))
    sandbox = await opened(task.sandbox)
    await sandbox.write_file(b"hello.py", program.encode(), mode=0o644, offset=None)
    async with asyncio.timeout(30):
        judged = await judge(opened, task, sandbox)
    greeting, file = judged.checks
    assert not greeting.passed, name
    assert reason in greeting.reason
    assert file.passed, file.reason


async def test_what_a_check_leaves_running_is_gone_before_the_next(opened: Opener) -> None:
    """A daemon started by the work while it was judged can't touch the checks that follow."""
    first = CommandCheck("python3 hello.py; true")
    second = CommandCheck("ps -eo args | grep -c '[s]leep 1234' || true", stdout=Expected(Match.NORMALIZED, "0"))
    checks = tuple(Check(str(number), "C", 0.5, 10.0, Visibility.RESULT, body) for number, body in enumerate((first, second)))
    program = "import subprocess; subprocess.Popen(['sleep', '1234'], start_new_session=True)"
    judged = await verdict(opened, replace(HELLO, checks=checks), (f'echo "{program}" > hello.py',))
    assert judged.score == 1.0, reasons(judged)


async def test_checks_run_with_a_clean_environment_as_another_user(opened: Opener) -> None:
    """A check sees the declared environment, its own scratch directory, no descriptor but the three, and is not the agent."""
    body = CommandCheck(
        "id -u; id -G; echo $HOME; echo $LD_PRELOAD$PYTHONPATH; stat -c '%a %u' \"$CHECK_DIR\"; ls /proc/self/fd | wc -l; pwd",
        stdout=Expected(Match.NORMALIZED, "1001\n1001 1000\n/nonexistent\n\n700 1001\n4\n/workspace"),
    )
    task = replace(HELLO, checks=(Check("c", "C", 1.0, 10.0, Visibility.RESULT, body),))
    judged = await verdict(opened, task, ("export LD_PRELOAD=/x PYTHONPATH=/y HOME=/z",))
    assert judged.score == 1.0, reasons(judged)


GIT = SHIPPED.get("2")
CONFIGURE = "git -C gym-codecraft config"
HOOK = 'printf "#!/bin/sh\necho x >> /tmp/ran; exit 1\n" > hook && chmod 755 hook'


@pytest.mark.parametrize(
    "planted",
    [
        (f'{CONFIGURE} core.fsmonitor "$PWD/hook"',),
        ("cp hook gym-codecraft/.git/hooks/post-index-change",),
        ("mkdir hooks && mv hook hooks/post-index-change", f'{CONFIGURE} core.hooksPath "$PWD/hooks"'),
        (f'{CONFIGURE} filter.x.clean "$PWD/hook"', "echo '* filter=x' > gym-codecraft/.git/info/attributes"),
        ('git config --file extra core.fsmonitor "$PWD/hook"', f'{CONFIGURE} include.path "$PWD/extra"'),
        (
            "cp -R gym-codecraft/.git evil",
            'git config --file evil/config core.fsmonitor "$PWD/hook"',
            "echo ../../evil > gym-codecraft/.git/commondir",
        ),
    ],
)
async def test_git_obeys_no_configuration_of_the_agents(planted: tuple[str, ...], opened: Opener) -> None:
    """A repository tells git to run programs, and git does (the control); judging the repository runs none of them."""
    sandbox = await opened(GIT.sandbox)
    await lay_out(GIT, sandbox, lambda _: None)
    await do(sandbox, (*GIT.solution, HOOK, *planted))
    await do(sandbox, ("touch gym-codecraft/README.md; git -C gym-codecraft status; git -C gym-codecraft read-tree HEAD",))
    assert "x" in await says(sandbox, "cat /tmp/ran; rm /tmp/ran"), "git does not run the agent's program, so this proves nothing"
    await judge(opened, GIT, sandbox)
    assert await says(sandbox, "ls /tmp/ran 2> /dev/null; true") == "", "the grader ran the agent's program"
