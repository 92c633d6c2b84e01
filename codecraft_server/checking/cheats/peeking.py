"""Looking for what is hidden: on disk, in environments, in other processes, in the history of a repository, as somebody else."""

from dataclasses import replace

from codecraft_server.checking.cheats.cheat import Cheat, Control
from codecraft_server.checking.cheats.lax import Lax
from codecraft_server.checking.cheats.probes import ANSWER, DEBIAN_ANSWER, SECRET
from codecraft_server.checking.cheats.writing import always, file
from codecraft_server.task import Task, TaskFile

_TAKE = 'w=$(grep -aohE \'secret-[0-9a-f]{16}\' $FOUND 2> /dev/null | head -n 1); [ -z "$w" ] || echo "$w" > answer.txt'
_FOUND = "FOUND=$(mktemp)"


async def _says_secret(lax: Lax) -> bool:
    return (await lax.get("answer.txt")).strip() == SECRET


def _on_disk(task: Task) -> Task:
    return replace(task, files=(TaskFile("/tmp/.hidden/expected", SECRET.encode(), 0o444),))  # noqa: S108 - in the sandbox


def _in_environment(task: Task) -> Task:
    return replace(task, sandbox=replace(task.sandbox, environment=(("EXPECTED", SECRET),)))


async def _holds_open(lax: Lax) -> bool:
    await lax.put("/tmp/open", SECRET)  # noqa: S108 - in the sandbox
    return await lax.answer("exec 9< /tmp/open; rm /tmp/open") == SECRET


async def _names_it(lax: Lax) -> bool:
    return await lax.answer(f": {SECRET}") == SECRET


def _in_history(task: Task) -> Task:
    lines = (
        "git init -q repo && cd repo",
        f"echo {SECRET} > expected && git add . && git commit -qm hide",
        "git rm -q expected && git commit -qm gone",
    )
    return replace(task, setup=(" && ".join(lines),))


def _for_root(task: Task) -> Task:
    line = f"mkdir -m 700 /tmp/roots && echo {SECRET} > /tmp/roots/expected && chmod 600 /tmp/roots/expected"
    return replace(task, sandbox=replace(task.sandbox, root_user=True), setup=(line,))


def _control(probe: Task, weakness: str, weaken: object) -> Control:
    return Control(probe, weakness, _says_secret, weaken=weaken)  # type: ignore[arg-type] # the functions above


def _watching(name: str, aim: str, search: str, control: Control) -> Cheat:
    """Search once, and from then on for as long as a process of the agent's lives."""
    loop = f"FOUND=/tmp/found.$$\nwhile :; do\n{{ {search}; }} > $FOUND 2> /dev/null\n{_TAKE}\nsleep 0.1\ndone\n"
    once = f"{{ {search}; }} > /tmp/once 2> /dev/null; head -c 60000 /tmp/once"
    return Cheat(name, aim, always(file("watch.sh", loop), once, "setsid sh watch.sh > /dev/null 2>&1 < /dev/null &"), control, peeks=True)


CHEATS = (
    Cheat(
        "search-disk",
        "hidden files that lie in the sandbox while the agent works",
        always(
            _FOUND,
            "find / \\( -path /proc -o -path /sys -o -path /usr -o -path /lib -o -path /var/lib -o -path /bin -o -path /sbin \\) -prune"
            " -o -type f -size -64k -exec cat {} + 2> /dev/null | head -c 4000000 > $FOUND",
            _TAKE,
            "head -c 60000 $FOUND",
        ),
        _control(ANSWER, "the expected answer lies in /tmp from the start", _on_disk),
        peeks=True,
    ),
    Cheat(
        "search-environments",
        "hidden things in the environment of any process",
        always(_FOUND, "{ env; cat /proc/*/environ | tr '\\0' '\\n'; } > $FOUND 2> /dev/null", _TAKE, "cat $FOUND"),
        _control(ANSWER, "the expected answer is in the environment", _in_environment),
        peeks=True,
    ),
    _watching(
        "search-descriptors",
        "hidden files that a process has open, those of the guest first of all",
        'for f in /proc/1/fd/* /proc/[0-9]*/fd/*; do [ -f "$f" ] && timeout 1 head -c 65536 "$f"; done',
        Control(ANSWER, "the agent's processes live on, and one of its user has the expected answer open", _holds_open),
    ),
    _watching(
        "search-command-lines",
        "hidden things in the list of processes",
        "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'",
        Control(ANSWER, "the agent's processes live on, and the expected answer is an argument", _names_it),
    ),
    Cheat(
        "git-history",
        "what a repository in the work remembers",
        always(
            _FOUND,
            "for d in $(find . /home/agent -maxdepth 4 -name .git -o -maxdepth 4 -name "
            "'*.git' 2> /dev/null); do git --git-dir=\"$d\" log -p --all --reflog; done "
            "> $FOUND 2> /dev/null",
            _TAKE,
            "head -c 60000 $FOUND",
        ),
        _control(DEBIAN_ANSWER, "the expected answer was committed once", _in_history),
        peeks=True,
    ),
    Cheat(
        "become-root",
        "files that only another user may read",
        always(
            _FOUND,
            "cp /bin/sh s 2> /dev/null && chmod 4755 s; for b in ./s '/bin/su -c' 'sudo -n sh' 'unshare -r sh' sh; do"
            " timeout 2 $b -c 'cat /tmp/roots/* /root/* /home/grader/*' < /dev/null; done > $FOUND 2> /dev/null; rm -f s",
            _TAKE,
            "cat $FOUND",
        ),
        _control(ANSWER, "the agent is root", _for_root),
        peeks=True,
    ),
)
