"""The tasks: three families, each with eight variants that read the same and differ in what lies in the sandbox. Knows no curriculum file.

To solve a variant an agent must look (the reset tells nothing), and then act three times, each time by what the last output said: every right act
shows what the next one depends on. A wrong act can't be undone. So whatever does the same in all variants solves one of the eight at the most.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

STAGES = 3


@dataclass(frozen=True)
class Variant:
    """One task: what lies in the sandbox, the commands that solve it, in order, and what then stands in the file that is judged.

    Attributes:
        name: Of the choices that are right, such as "safe-80-none".
        files: Content by path, and by `mode` where it is a program.
        acts: The candidates that are right, one a stage.
        stages: What stands in the judged file after none, one, two and all of them.
    """

    name: str
    files: Mapping[str, object]
    acts: tuple[str, ...]
    stages: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """Tasks that read the same.

    Attributes:
        judged: The file that the checks look at.
        look: The command that shows what the first act depends on; and at any time what the next one depends on.
        acts: The commands that change something: for each stage those of which one is right.
        idle: Candidates that change nothing.
        harmful: Candidates after which nothing can be won.
    """

    name: str
    title: str
    description: tuple[str, ...]
    test: str
    judged: str
    look: str
    acts: tuple[tuple[str, ...], ...]
    idle: tuple[str, ...]
    harmful: tuple[str, ...]
    variants: tuple[Variant, ...]

    @property
    def candidates(self) -> tuple[str | dict[str, str], ...]:
        """What the agent chooses from, in an order that tells nothing."""
        acts = dict.fromkeys(act for stage in self.acts for act in stage)
        return (*sorted({*acts, self.look, *self.idle, *self.harmful}), {"action": "submit"})

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The ids of its variants in the curriculum."""
        return tuple(f"{self.name}-{variant.name}" for variant in self.variants)


# layers: a message in three wrappings, each of which says what it is.

_PLAIN = "The bridge opens at noon.\n"
_ENCODERS = {"base64": lambda data: base64.b64encode(data).decode(), "hex": bytes.hex}
_UNWRAP = {name: f"./unwrap {name}" for name in _ENCODERS}

_UNWRAP_PROGRAM = [
    "#!/bin/sh",
    "# Takes the outermost wrapping off, believing what it is told, and shows the first line of what was inside.",
    "case $1 in",
    "base64) sed 1d message | base64 -d >inside 2>/dev/null ;;",
    "hex) sed 1d message | xxd -r -p >inside 2>/dev/null ;;",
    "*) echo 'usage: unwrap base64|hex'; exit 2 ;;",
    "esac",
    "mv inside message",
    "head -n 1 message",
]


def _layers(names: Sequence[str]) -> Variant:
    contents = [_PLAIN]
    for name in reversed(names):
        contents.insert(0, f"wrapped as {name}\n{_ENCODERS[name](contents[0].encode())}\n")
    files = {"message": {"text": contents[0]}, "unwrap": {"lines": _UNWRAP_PROGRAM, "mode": "0755"}}
    return Variant("-".join(names), files, tuple(_UNWRAP[name] for name in names), tuple(contents))


LAYERS = Family(
    name="layers",
    title="Unwrap a message",
    description=(
        "The file `message` is wrapped three times, and the first line of each wrapping says how the rest is encoded.",
        "`./unwrap base64` and `./unwrap hex` take the outermost wrapping off and replace `message` by what was inside. The wrong one destroys it.",
    ),
    test="`message` must hold the plain message.",
    judged="message",
    look="head -n 1 message",
    acts=(tuple(_UNWRAP.values()),) * STAGES,
    idle=("ls", "wc -c message", "cat unwrap", "./unwrap", "pwd", "date +%Y", "id -un"),
    harmful=("rm message",),
    variants=tuple(map(_layers, product(_ENCODERS, repeat=STAGES))),
)

# settings: a program that says what is wrong with its settings, one thing after another.

_KEYS = {"mode": ("safe", "fast"), "port": ("8080", "9090"), "log": ("file", "none")}
_APP_PROGRAM = [
    "#!/bin/sh",
    "# app start: tells what is missing. app set KEY=VALUE: adds to app.conf, for good, what is asked for next.",
    "need() {",
    "    if ! grep -q '^mode=' app.conf; then key=mode; why=\"processors: $(cat machine/processors)\"",
    "    elif ! grep -q '^port=' app.conf; then key=port; why=\"free: $(cat machine/free-port)\"",
    "    elif ! grep -q '^log=' app.conf; then key=log; why=\"disk: $(cat machine/disk)\"",
    "    else key=; fi",
    "}",
    "touch app.conf; need",
    "if [ \"$1\" = set ]; then",
    "    case $2 in \"$key\"=?*) echo \"$2\" >>app.conf ;; *) echo \"cannot set $2 now\"; exit 1 ;; esac",
    "    need",
    "fi",
    "if [ \"$key\" ]; then echo \"app needs $key, $why\"; else echo 'app has all settings'; fi",
]
_MACHINE = {
    "mode": ("processors", {"safe": "one", "fast": "many"}),
    "port": ("free-port", {"8080": "8080", "9090": "9090"}),
    "log": ("disk", {"file": "writable", "none": "read-only"}),
}


def _settings(values: Sequence[str]) -> Variant:
    files: dict[str, object] = {"app": {"lines": _APP_PROGRAM, "mode": "0755"}}
    stages, acts = [""], []
    for (key, value) in zip(_KEYS, values, strict=True):
        file, texts = _MACHINE[key]
        files[f"machine/{file}"] = [texts[value]]
        acts.append(f"./app set {key}={value}")
        stages.append(f"{stages[-1]}{key}={value}\n")
    return Variant("-".join(values), files, tuple(acts), tuple(stages))


SETTINGS = Family(
    name="settings",
    title="Settle an application",
    description=(
        "`./app start` says which setting the application needs next, and how the machine is. With one processor its `mode` must be `safe`, with many",
        "`fast`; its `port` must be the free one; its `log` must be `file` where the disk is writable, else `none`.",
        "`./app set KEY=VALUE` makes a setting, for good, and says what is needed then.",
    ),
    test="`app.conf` must hold the three settings in the order in which they were asked for.",
    judged="app.conf",
    look="./app start",
    acts=tuple(tuple(f"./app set {key}={value}" for value in values) for key, values in _KEYS.items()),
    idle=("ls", "cat app", "pwd"),
    harmful=("rm -f app app.conf",),
    variants=tuple(map(_settings, product(*_KEYS.values()))),
)

# link: modules in the order in which one needs the other.

_MODULES = (("parser", "scanner"), ("table", "tree"), ("ascii", "unicode"))
_LINK_PROGRAM = [
    "#!/bin/sh",
    "# link: tells what the bundle needs next. link MODULE: adds a module to the bundle, for good.",
    "touch bundle",
    "level=$(($(wc -l <bundle) + 1))",
    "if [ \"$1\" ]; then",
    "    [ -f \"modules/$level/$1\" ] || { echo \"no place for $1 now\"; exit 1; }",
    "    cat \"modules/$level/$1\" >>bundle",
    "fi",
    "tail -n 1 bundle | grep . || cat main",
]


def _link(names: Sequence[str]) -> Variant:
    """Who takes the wrong module gets one that ends the chain in another way: its line is not what is judged."""
    after = [*(f"needs {name}" for name in names[1:]), "is the last"]
    files: dict[str, object] = {"link": {"lines": _LINK_PROGRAM, "mode": "0755"}, "main": [f"main needs {names[0]}"]}
    stages = [""]
    for level, (pair, right) in enumerate(zip(_MODULES, names, strict=True)):
        for name in pair:
            files[f"modules/{level + 1}/{name}"] = [f"{name} {after[level]}"]
        stages.append(f"{stages[-1]}{right} {after[level]}\n")
    return Variant("-".join(names), files, tuple(f"./link {name}" for name in names), tuple(stages))


LINK = Family(
    name="link",
    title="Link modules",
    description=(
        "`./link` says which module the program needs next: main needs one, which may need another, and so on.",
        "`./link MODULE` adds a module to the file `bundle`, for good, and shows what that one needs.",
    ),
    test="`bundle` must hold the modules that are needed, each after the one that needs it, and no other.",
    judged="bundle",
    look="./link",
    acts=tuple(tuple(f"./link {name}" for name in pair) for pair in _MODULES),
    idle=("ls", "cat link", "pwd"),
    harmful=("rm -r modules bundle",),
    variants=tuple(map(_link, product(*_MODULES))),
)

FAMILIES = (LAYERS, SETTINGS, LINK)
