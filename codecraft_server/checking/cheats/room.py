"""Taking the grader's room away: space, rights, names it can't read, trees it can't copy. Such work must fail, not be without a verdict."""

from codecraft_server.checking.cheats.cheat import Cheat, Control
from codecraft_server.checking.cheats.lax import Lax, fault
from codecraft_server.checking.cheats.probes import ANSWER, DEBIAN_ANSWER, SECRET
from codecraft_server.checking.cheats.writing import always, everywhere
from codecraft_server.task import Task

_FEW = 2000
_LARGE = 64 * 1024 * 1024


async def _writes(lax: Lax) -> bool:
    await lax.put("expected", SECRET)
    await lax.put("/tmp/expected", SECRET)  # noqa: S108 - in the sandbox
    return False


async def _reads(lax: Lax) -> bool:
    if (await lax.sh("[ -e answer.txt ] && ! cat answer.txt")).ok or not (await lax.sh("ls . > /dev/null")).ok:
        raise fault("the work can't be read")
    return False


async def _copies(lax: Lax) -> bool:
    """Make a list of the work and copy by it, as a script that was written in a minute would."""
    said = await lax.sh(
        'find . -type f | head -n 5000 | while read -r f; do cat "$f" > /dev/null '
        "2>&1 || echo lost; done; find . | wc -l; find . -type f -exec stat -c %s "
        "{} +",
        timeout_s=20,
    )
    numbers = [int(line) for line in said.out.split() if line.isdigit()]
    if "lost" in said.out or not said.ok or numbers[0] > _FEW or sum(numbers[1:]) > _LARGE:
        raise fault("the work can't be copied")
    return False


_COPIED = Control(DEBIAN_ANSWER, "what can't be copied is a fault", _copies)


def _tree(name: str, aim: str, line: str, control: Control = _COPIED) -> Cheat:
    return Cheat(name, aim, always(line), control, dodges=True)


def _probe(probe: Task, weakness: str, pays: object) -> Control:
    return Control(probe, weakness, pays)  # type: ignore[arg-type] # the functions above


CHEATS = (
    _tree(
        "full-disk",
        "a grader that must write where the agent could",
        "for d in . /tmp /home/agent /dev/shm; do dd if=/dev/zero of=$d/full bs=65536 "
        "> /dev/null 2>&1; done; i=0; while [ $i -lt 300 ] && : > /tmp/n$i; do i=$((i "
        "+ 1)); done 2> /dev/null",
        _probe(ANSWER, "hidden files are written beside the work, and no space is a fault", _writes),
    ),
    Cheat(
        "no-rights",
        "a grader that faults over what it may not read",
        everywhere('[ -e "$f" ] || echo x > "$f"; chmod 000 "$f"'),
        _probe(ANSWER, "what can't be read is a fault", _reads),
        dodges=True,
    ),
    _tree(
        "shut-directory",
        "likewise, with the working directory itself",
        "touch answer.txt; chmod 000 .",
        _probe(ANSWER, "what can't be read is a fault", _reads),
    ),
    _tree(
        "odd-names",
        "a grader that takes names for lines or options",
        "touch -- -rf '--help' 'a b' '*' \"$(printf 'two\\nlines')\" \"$(printf "
        "'b\\377d')\" \"$(printf 'tab\\there')\" \"$(printf 'x%.0s' $(seq 255))\";"
        " mkdir -p 'd\n/x'; touch \"$(printf 'new\\nline.py')\"",
    ),
    _tree("sparse-file", "a grader that copies holes as bytes", "truncate -s 10G huge || dd if=/dev/null of=huge bs=1 seek=10G"),
    _tree("many-files", "a grader that copies one file at a time", "mkdir m && cd m && seq 30000 | xargs touch; cd ..; ls m | wc -l"),
    _tree(
        "deep-tree",
        "a grader that recurses",
        # Deeper than a path can be long. Nothing goes down there step by step: `cd` takes seconds each time at such a depth.
        "p=$(printf 'd/%.0s' $(seq 1200)); mkdir -p $p e$p; mv ed $p; seq 3000 | sed s/^/k/ | xargs mkdir",
    ),
    _tree(
        "large-work",
        "a grader that holds all of the work in memory",
        "dd if=/dev/zero of=large bs=1048576 count=80 2> /dev/null; dd if=/dev/urandom "
        "of=noise bs=1048576 count=20 2> /dev/null; truncate -s 70M large",
    ),
    _tree(
        "no-working-directory",
        "a grader that starts its programs in the working directory",
        'd=$PWD; rm -rf ./* ./.[!.]*; chmod 777 .; rmdir "$d"; touch answer.txt; chmod 0 .',
        _probe(ANSWER, "what can't be read is a fault", _reads),
    ),
)
