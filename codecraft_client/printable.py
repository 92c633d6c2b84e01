"""What sandboxes print, made fit for a terminal: colours pass, other escape sequences are left out, control characters are shown as signs.

A program in a sandbox is a stranger; escape sequences can set titles, write to the clipboard or ask the terminal to type (ECMA-48, xterm's
ctlseqs). Knows no terminal.
"""

import codecs
import re

ESCAPE = "\x1b"
COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
OTHERS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_\]][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-OQ-WYZ\\`-~]")
BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[PX^_\]][^\x07\x1b]*\x1b?|[ -/]*)\Z")
HELD = 4096  # characters of a sequence that has begun and does not end: more than any has that a person wants
CONTROLS = {number: chr(0x2400 + number) for number in range(32) if chr(number) not in "\n\r\t\b"}
CONTROLS |= {number: f"\\x{number:02x}" for number in range(0x7F, 0xA0)}


class Printable:
    """One stream of output, piece by piece; characters and sequences may be split between pieces."""

    def __init__(self, *, colour: bool = True) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._colour = colour
        self._held = ""

    def feed(self, data: bytes, *, final: bool = False) -> str:
        """Return what may be written so far; `final`: nothing follows."""
        text = self._held + self._decoder.decode(data, final=final)
        self._held = ""
        begun = None if final else BEGUN.search(text)
        if begun is not None and len(begun.group()) <= HELD:
            text, self._held = text[: begun.start()], begun.group()
        return self._cleaned(text)

    def _cleaned(self, text: str) -> str:
        parts, at = [], 0
        for found in OTHERS.finditer(text):
            parts.append(text[at : found.start()].translate(CONTROLS))
            if self._colour and COLOUR.fullmatch(found.group()):
                parts.append(found.group())
            at = found.end()
        return "".join([*parts, text[at:].translate(CONTROLS)])


def printable(text: str) -> str:
    """Return `text`, which somebody else wrote, without anything that steers a terminal."""
    return Printable(colour=False).feed(text.encode(errors="replace"), final=True)
