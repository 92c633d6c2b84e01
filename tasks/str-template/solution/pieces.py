"""Cuts a template into its pieces."""

ENDS = {"{{": "}}", "{%": "%}", "{#": "#}"}
KINDS = {"{{": "print", "{%": "tag"}
BLANK = " \t\r\n"


def _opening(text, place):
    """Return where the next piece other than text begins; the end of the text if there is none."""
    found = [at for at in (text.find(mark, place) for mark in ENDS) if at >= 0]
    return min(found, default=len(text))


def split(text):
    """Return the pieces: ["text", content], ["print", content, line] and ["tag", content, line]; raises ValueError."""
    pieces = []
    place = 0
    strip_left = False
    while place < len(text):
        start = _opening(text, place)
        plain = text[place:start]
        if start == len(text):
            pieces.append(["text", plain.lstrip(BLANK) if strip_left else plain])
            break
        line = text.count("\n", 0, start) + 1
        mark = text[start : start + 2]
        end = text.find(ENDS[mark], start + 2)
        if end < 0:
            raise ValueError(f"line {line}: {mark} is not closed")
        inner = text[start + 2 : end]
        if strip_left:
            plain = plain.lstrip(BLANK)
        if inner.startswith("-"):
            plain = plain.rstrip(BLANK)
            inner = inner[1:]
        pieces.append(["text", plain])
        strip_left = inner.endswith("-")
        if mark in KINDS:
            pieces.append([KINDS[mark], inner.removesuffix("-").strip(BLANK), line])
        place = end + 2
    return [piece for piece in pieces if piece != ["text", ""]]
