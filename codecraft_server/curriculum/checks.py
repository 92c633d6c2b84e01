"""The checks of a task: what all kinds have in common. Kinds themselves are `kinds`."""

from dataclasses import dataclass, replace

from codecraft_server.curriculum import values
from codecraft_server.curriculum.documents import Node, did_you_mean
from codecraft_server.curriculum.kinds import KINDS, Kind
from codecraft_server.settings import GradingBounds
from codecraft_server.task import Check, CheckBody, Visibility

_COMMON = ("id", "title", "kind", "weight", "timeout_s", "visibility")
_BOUNDS = GradingBounds()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A check before the others are known: `timeout_s` 0 when it sets none."""

    check: Check
    node: Node


def checks(node: Node | None, grading_s: float) -> tuple[Check, ...]:
    """Return the checks of a list, weights normalised to 1, time-outs filled in so that together they fit into `grading_s`."""
    if node is None:
        return ()
    entries = [entry for item in node.items(node.source.problems.bounds.checks) if (entry := _entry(item, grading_s)) is not None]
    _note_repeated_ids(entries)
    total = sum(entry.check.weight for entry in entries)
    if entries and not total:
        node.problem("at least one weight must be above 0")
    rest = _default_timeout(node, entries, grading_s)
    return tuple(
        replace(entry.check, weight=entry.check.weight / (total or 1.0), timeout_s=entry.check.timeout_s or rest) for entry in entries
    )


def _entry(node: Node, grading_s: float) -> _Entry | None:
    kind = _kind(node)
    if kind is None:
        return None
    fields = node.fields((*_COMMON, *kind.keys), ("id", *kind.required))
    check_id = values.name(fields.get("id"))
    body: CheckBody = kind.read(node, fields)
    check = Check(
        check_id=check_id,
        title=values.name(fields.get("title"), check_id),
        weight=values.number(fields.get("weight"), 1.0, least=0, most=1e6),
        timeout_s=values.number(fields.get("timeout_s"), 0.0, least=0, most=grading_s, above=True),
        visibility=values.choice(fields.get("visibility"), Visibility.HIDDEN),
        body=body,
    )
    return _Entry(check, node)


def _kind(node: Node) -> Kind | None:
    if not isinstance(node.value, dict):
        node.wrong_type("an object")
        return None
    name = node.value.get("kind")
    if name is None:
        node.problem(f'"kind" is missing; one of {", ".join(KINDS)}')
        return None
    if not isinstance(name, str) or name not in KINDS:
        node.key("kind", name).problem(f"{name!r} is unknown{did_you_mean(str(name), list(KINDS))}")
        return None
    return KINDS[name]


def _note_repeated_ids(entries: list[_Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.check.check_id in seen:
            entry.node.key("id", None).problem(f"{entry.check.check_id!r} is the id of another check of this task")
        seen.add(entry.check.check_id)


def _default_timeout(node: Node, entries: list[_Entry], grading_s: float) -> float:
    """Share what the set time-outs leave of `grading_s` among the others."""
    used = sum(entry.check.timeout_s for entry in entries)
    unset = sum(1 for entry in entries if not entry.check.timeout_s)
    if used > grading_s or (unset and used >= grading_s):
        node.problem(f"the time-outs of all checks together must fit into limits.grading_s ({grading_s:g}); they take {used:g}")
        return _BOUNDS.check_s
    return min(_BOUNDS.check_s, (grading_s - used) / unset) if unset else _BOUNDS.check_s
