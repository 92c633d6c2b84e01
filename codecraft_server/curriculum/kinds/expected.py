"""What a text must be: {"exact" | "normalized" | "contains" | "regex" | "json" | "csv": …}."""

import json
import re

from codecraft_server.curriculum import texts
from codecraft_server.curriculum.documents import Node
from codecraft_server.task import Expected, Match

_NAMES = tuple(match.value for match in Match)


def is_text(node: Node) -> bool:
    """Whether a value is a text rather than a way to compare with one."""
    return not isinstance(node.value, dict) or not node.value.keys() & set(_NAMES)


def expected(node: Node | None) -> Expected | None:
    """Return what is expected, or None when nothing is."""
    if node is None:
        return None
    fields = node.fields(_NAMES)
    if len(fields) != 1:
        if isinstance(node.value, dict):
            node.problem(f"must have exactly one of {', '.join(_NAMES)}")
        return None
    ((name, value),) = fields.items()
    match = Match(name)
    if match is Match.JSON:
        return Expected(match, json.dumps(value.value, sort_keys=True, ensure_ascii=False))
    return Expected(match, _pattern(value) if match is Match.REGEX else texts.text(value, empty=match is not Match.CONTAINS))


def _pattern(node: Node) -> str:
    pattern = texts.text(node, empty=True)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        node.problem(f"no regular expression: {error}")
    return pattern
