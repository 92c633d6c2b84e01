"""Patterns for paths: *, **, ?, [...] and backslash, matched without backtracking."""

STAR = "star"
DOUBLE_STAR = "double star"


class _Set:
    """The characters of [...]."""

    def __init__(self, negated, ranges):
        self.negated = negated
        self.ranges = ranges

    def has(self, char):
        """Whether it stands for a character."""
        return char != "/" and any(low <= char <= high for low, high in self.ranges) != self.negated


class _Any:
    """The question mark."""

    def has(self, char):
        """Whether it stands for a character."""
        return char != "/"


class _Char:
    """A character that stands for itself."""

    def __init__(self, char):
        self.char = char

    def has(self, char):
        """Whether it stands for a character."""
        return char == self.char


def _set(pattern, place):
    """Read a set behind its opening bracket; return it and the place behind it."""
    negated = pattern[place : place + 1] == "!"
    place += negated
    chars = []  # (character, whether it can be the minus of a range)
    while pattern[place : place + 1] != "]" or not chars:
        if place >= len(pattern):
            raise ValueError("[ is not closed")
        escaped = pattern[place] == "\\"
        place += escaped
        if place >= len(pattern):
            raise ValueError("a backslash at the end")
        chars.append((pattern[place], not escaped))
        place += 1
    ranges = []
    index = 0
    while index < len(chars):
        low = high = chars[index][0]
        if index + 2 < len(chars) and chars[index + 1] == ("-", True):
            high = chars[index + 2][0]
            index += 2
            if high < low:
                raise ValueError(f"{low}-{high} is no range")
        ranges.append((low, high))
        index += 1
    return _Set(negated, ranges), place + 1


def _parts(pattern):
    """Return what a pattern consists of; raises ValueError."""
    parts = []
    place = 0
    while place < len(pattern):
        char = pattern[place]
        place += 1
        if char == "*":
            stars = 1
            while pattern[place : place + 1] == "*":
                stars += 1
                place += 1
            parts.append(STAR if stars == 1 else DOUBLE_STAR)
        elif char == "?":
            parts.append(_Any())
        elif char == "[":
            found, place = _set(pattern, place)
            parts.append(found)
        elif char == "\\":
            if place == len(pattern):
                raise ValueError("a backslash at the end")
            parts.append(_Char(pattern[place]))
            place += 1
        else:
            parts.append(_Char(char))
    return parts


def _through_stars(parts, states):
    """Add the states that are reached because a star may stand for nothing."""
    reached = set()
    for state in states:
        reached.add(state)
        while state < len(parts) and parts[state] in (STAR, DOUBLE_STAR):
            state += 1
            reached.add(state)
    return reached


def match(pattern, path):
    """Whether a whole path fits a pattern; raises ValueError for a malformed pattern."""
    parts = _parts(pattern)
    states = _through_stars(parts, {0})
    for char in path:
        following = set()
        for state in states:
            if state == len(parts):
                continue
            part = parts[state]
            if part == DOUBLE_STAR or (part == STAR and char != "/"):
                following.add(state)
            elif part != STAR and part.has(char):
                following.add(state + 1)
        states = _through_stars(parts, following)
    return len(parts) in states
