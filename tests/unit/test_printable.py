"""What a sandbox prints can colour a terminal, and do nothing else to it."""

from each import each

from codecraft_client.printable import Printable, printable


@each(
    ("printed", "shown"),
    [
        (b"plain\ttext\r\n", "plain\ttext\r\n"),
        ("नमस्ते 文 مرحبا".encode(), "नमस्ते 文 مرحبا"),
        (b"\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"),
        (b"\x1b]0;a title\x07x", "x"),
        (b"\x1b]52;c;cm0gLXJmIH4=\x1b\\x", "x"),
        (b"\x1b[2J\x1b[6n\x1b[?1049hx", "x"),
        (b"\x1bPq#0\x1b\\x", "x"),
        (b"\x1b7x\x1bc", "x"),
        (b"a\x00b\x07c", "a␀b␇c"),
        ("\x9b2J".encode(), "\\x9b2J"),
        (b"\xff\xfe", "��"),
        (b"\x1b", "␛"),
        (b"\x1b]0;never ended", "␛]0;never ended"),
    ],
)
def test_colours_pass_and_nothing_else_does(printed: bytes, shown: str) -> None:
    """Whether it comes at once or byte by byte."""
    assert Printable().feed(printed, final=True) == shown
    bit_by_bit = Printable()
    pieces = [bit_by_bit.feed(printed[at : at + 1]) for at in range(len(printed))]
    assert "".join(pieces) + bit_by_bit.feed(b"", final=True) == shown


def test_without_colour() -> None:
    """Where no colours are wanted they are left out, too."""
    assert Printable(colour=False).feed(b"\x1b[1;31mred\x1b[0m", final=True) == "red"
    assert printable("\x1b[31mred\x1b]0;t\x07") == "red"


def test_a_sequence_without_end_is_not_kept_forever() -> None:
    """What begins like a sequence and goes on and on is shown in the end; memory is bounded."""
    stream = Printable()
    shown = stream.feed(b"\x1b]0;" + b"x" * 10_000)
    assert shown.startswith("␛]0;xxx")
    assert len(shown) == 10_004
