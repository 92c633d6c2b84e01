"""The tasks: three families, each with eight variants that read the same and differ in what lies in the sandbox. Knows no curriculum file.

To solve a variant an agent must look (the reset tells nothing, and nothing can be done before), and then act three times, each time by what
the last output said: every right act shows what the next one depends on. A wrong act can't be undone. So whatever does the same in all
variants solves one of the eight at the most.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

STAGES = 3
SUBMIT = {"action": "submit"}


@dataclass(frozen=True)
class Variant:
    """One task.

    Attributes:
        name: Of the choices that are right, such as "safe-8080-none".
        files: What lies in the sandbox, as a curriculum writes it.
        acts: The candidates that are right, one a stage.
        marks: What a file holds from each stage on: path, how it is compared, text.
        judged: The file that decides, and its whole content.
    """

    name: str
    files: Mapping[str, object]
    acts: tuple[str, ...]
    marks: tuple[tuple[str, str, str], ...]
    judged: tuple[str, str]

    def file(self, path: str) -> str:
        """Return the text of one of its files."""
        match self.files[path]:
            case {"text": str(text)}:
                return text
            case [*lines]:
                return "".join(f"{line}\n" for line in lines)
            case other:
                raise TypeError(f"{path} is no text: {other!r}")


@dataclass(frozen=True)
class Family:
    """Tasks that read the same.

    Attributes:
        look: The command that begins, and shows what the first act depends on; later what the next one does.
        acts: The commands that change something: those of each stage, of which one is right and the others can't be undone.
        idle: Candidates that change nothing.
    """

    name: str
    title: str
    description: tuple[str, ...]
    test: str
    look: str
    acts: tuple[tuple[str, ...], ...]
    idle: tuple[str, ...]
    variants: tuple[Variant, ...]

    @property
    def candidates(self) -> tuple[str | dict[str, str], ...]:
        """What the agent chooses from; the order tells nothing."""
        return (*sorted({act for stage in self.acts for act in stage} | {self.look, *self.idle}), SUBMIT)

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The ids of its variants in the curriculum."""
        return tuple(f"{self.name}-{variant.name}" for variant in self.variants)


# layers: a message in three wrappings, each of which says what it is.

_PLAIN = "The bridge opens at noon.\n"
_ENCODERS: Mapping[str, Callable[[bytes], str]] = {"base64": lambda data: base64.b64encode(data).decode(), "hex": bytes.hex}
_UNWRAP = [
    "#!/bin/sh",
    "# unwrap: opens the parcel. unwrap HOW: takes a wrapping off. Both show the first line of what is outermost then.",
    "if [ ! -e message.0 ]; then",
    '    if [ "$1" ]; then echo "nothing is open"; exit 1; fi',
    "    cp parcel message.0",
    "fi",
    "last=0",
    "while [ -e message.$((last + 1)) ]; do last=$((last + 1)); done",
    "case $1 in",
    "base64) sed 1d message.$last | base64 -d >message.$((last + 1)) 2>/dev/null ;;",
    "hex) sed 1d message.$last | xxd -r -p >message.$((last + 1)) 2>/dev/null ;;",
    "*) head -n 1 message.$last; exit ;;",
    "esac",
    "head -n 1 message.$((last + 1))",
]


def _layers(names: Sequence[str]) -> Variant:
    contents = [_PLAIN]
    for name in reversed(names):
        contents.insert(0, f"wrapped in {name}\n{_ENCODERS[name](contents[0].encode())}\n")
    return Variant(
        name="-".join(names),
        files={"parcel": {"text": contents[0]}, "unwrap": {"lines": _UNWRAP, "mode": "0755"}},
        acts=tuple(f"./unwrap {name}" for name in names),
        marks=tuple((f"message.{stage}", "exact", contents[stage]) for stage in range(1, STAGES + 1)),
        judged=(f"message.{STAGES}", _PLAIN),
    )


LAYERS = Family(
    name="layers",
    title="Unwrap a message",
    description=(
        "The file `parcel` holds a message that is wrapped three times.",
        "The first line of each wrapping says how the rest is encoded: base64 or hex.",
        "`./unwrap` opens it as `message.0`;",
        "then `./unwrap base64` and `./unwrap hex` take a wrapping off, which makes `message.1`, `message.2` and so on.",
        "Each shows the first line of the newest. There is no way back from a wrong one.",
    ),
    test="`message.3` must hold the plain message.",
    look="./unwrap",
    acts=(tuple(f"./unwrap {name}" for name in _ENCODERS),) * STAGES,
    idle=("ls", "cat unwrap", "wc -c parcel", "pwd", "id -un", "uname"),
    variants=tuple(map(_layers, product(_ENCODERS, repeat=STAGES))),
)

# settings: a program that says what it needs, one thing after another.

_KEYS = {"mode": ("safe", "fast"), "port": ("8080", "9090"), "log": ("file", "none")}
_MACHINE = {
    "mode": {"safe": "one processor", "fast": "many processors"},
    "port": {"8080": "only 8080 is free", "9090": "only 9090 is free"},
    "log": {"file": "disk is writable", "none": "disk is read-only"},
}
_APP = [
    "#!/bin/sh",
    "# app start: says what is needed next. app set KEY=VALUE: adds to app.conf, for good, what is needed next.",
    "key=mode",
    "if [ -e app.conf ]; then",
    "    while read -r line; do",
    "        case $line in mode=*) key=port ;; port=*) key=log ;; log=*) key= ;; esac",
    "    done <app.conf",
    'elif [ "$1" = start ]; then : >app.conf',
    "else echo 'not started'; exit 1; fi",
    'if [ "$1" = set ]; then',
    '    case $key,$2 in ?*,"$key"=?*) echo "$2" >>app.conf ;; *) echo "not now"; exit 1 ;; esac',
    "    case $key in mode) key=port ;; port) key=log ;; log) key= ;; esac",
    "fi",
    'if [ "$key" ]; then read -r why <"machine/$key"; echo "$key: $why"; else echo complete; fi',
]


def _settings(values: Sequence[str]) -> Variant:
    lines = [f"{key}={value}\n" for key, value in zip(_KEYS, values, strict=True)]
    machine = {f"machine/{key}": [_MACHINE[key][value]] for key, value in zip(_KEYS, values, strict=True)}
    return Variant(
        name="-".join(values),
        files={"app": {"lines": _APP, "mode": "0755"}, **machine},
        acts=tuple(f"./app set {line.strip()}" for line in lines),
        marks=tuple(("app.conf", "contains", "".join(lines[:stage])) for stage in range(1, STAGES + 1)),
        judged=("app.conf", "".join(lines)),
    )


SETTINGS = Family(
    name="settings",
    title="Settle an application",
    description=(
        "`./app start` says which setting the application needs next, and how the machine is.",
        "With one processor its `mode` must be `safe`, with many `fast`; its `port` must be the free one;",
        "its `log` must be `file` where the disk is writable, else `none`.",
        "`./app set KEY=VALUE` makes a setting, for good, and says what is needed then.",
    ),
    test="`app.conf` must hold the three settings that are right, in the order in which they were needed.",
    look="./app start",
    acts=tuple(tuple(f"./app set {key}={value}" for value in values) for key, values in _KEYS.items()),
    idle=("ls", "pwd"),
    variants=tuple(map(_settings, product(*_KEYS.values()))),
)

# link: modules in the order in which one needs the other.

_MODULES = (("parser", "scanner"), ("table", "tree"), ("ascii", "unicode"))
_LINK = [
    "#!/bin/sh",
    "# link: shows what is needed next. link MODULE: adds a module to the bundle, for good, and shows what that one needs.",
    "line=; level=1",
    "if [ -e bundle ]; then",
    "    while read -r line; do level=$((level + 1)); last=$line; done <bundle",
    'elif [ "$1" ]; then echo "nothing to link to"; exit 1',
    "else : >bundle; fi",
    'if [ "$1" ]; then',
    '    if [ ! -e "modules/$level/$1" ]; then echo "no place"; exit 1; fi',
    '    read -r last <"modules/$level/$1"',
    '    echo "$last" >>bundle',
    "fi",
    'if [ "$last" ]; then echo "$last"; else read -r last <main; echo "$last"; fi',
]


def _link(names: Sequence[str]) -> Variant:
    needs = [*(f"needs {name}" for name in names[1:]), "needs nothing"]
    modules = {f"modules/{level}/{name}": [f"{name} {needs[level - 1]}"] for level, pair in enumerate(_MODULES, start=1) for name in pair}
    lines = [f"{name} {need}\n" for name, need in zip(names, needs, strict=True)]
    return Variant(
        name="-".join(names),
        files={"link": {"lines": _LINK, "mode": "0755"}, "main": [f"main needs {names[0]}"], **modules},
        acts=tuple(f"./link {name}" for name in names),
        marks=tuple(("bundle", "contains", "".join(lines[:stage])) for stage in range(1, STAGES + 1)),
        judged=("bundle", "".join(lines)),
    )


LINK = Family(
    name="link",
    title="Link modules",
    description=(
        "`./link` shows which module the program needs; that one may need another, and so on.",
        "`./link MODULE` adds a module to the file `bundle`, for good, and shows what that one needs.",
    ),
    test="`bundle` must hold the modules that are needed, each after the one that needs it, and no other.",
    look="./link",
    acts=tuple(tuple(f"./link {name}" for name in pair) for pair in _MODULES),
    idle=("ls", "pwd"),
    variants=tuple(map(_link, product(*_MODULES))),
)

FAMILIES = (LAYERS, SETTINGS, LINK)
