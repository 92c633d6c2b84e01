"""Translates patterns to regular expressions."""

import re


def _regex(pattern):
    out, place = "", 0
    while place < len(pattern):
        char = pattern[place]
        place += 1
        if char == "*":
            stars = 1
            while pattern[place : place + 1] == "*":
                stars, place = stars + 1, place + 1
            out += "[^/]*" if stars == 1 else ".*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            negated = pattern[place : place + 1] == "!"
            place += negated
            inner = ""
            while pattern[place : place + 1] != "]" or not inner:
                if place >= len(pattern):
                    raise ValueError("[ is not closed")
                if pattern[place] == "\\":
                    place += 1
                    if place >= len(pattern):
                        raise ValueError("a backslash at the end")
                    inner += re.escape(pattern[place])
                else:
                    inner += "-" if pattern[place] == "-" else re.escape(pattern[place])
                place += 1
            place += 1
            out += f"(?!/)[{'^' if negated else ''}{inner}]"
        elif char == "\\":
            if place == len(pattern):
                raise ValueError("a backslash at the end")
            out += re.escape(pattern[place])
            place += 1
        else:
            out += re.escape(char)
    try:
        return re.compile(out, re.DOTALL)
    except re.error as error:
        raise ValueError(str(error)) from error


def match(pattern, path):
    """Whether a whole path fits a pattern."""
    return _regex(pattern).fullmatch(path) is not None


def select(patterns, paths):
    """Return the paths that are selected."""
    rules = [(not pattern.startswith("!"), _regex(pattern.removeprefix("!"))) for pattern in patterns]
    verdicts = {path: [keep for keep, regex in rules if regex.fullmatch(path)] for path in paths}
    return [path for path in paths if verdicts[path] and verdicts[path][-1]]
