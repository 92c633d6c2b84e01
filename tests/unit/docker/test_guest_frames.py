"""The frame codec against the vectors that the guest's own tests read too, and the engine's multiplexing around it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from each import each
from scripted_guest import packet

from codecraft_server.docker.frames import Demultiplexer, Frame, FrameDecoder, FrameError, FrameType, encode, pack_bytes, unpack_bytes

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "guest_frames.json").read_text())
GOOD = [vector for vector in VECTORS if "error" not in vector]
TORN = [vector for vector in GOOD if "torn" in vector["name"]]
WHOLE = [vector for vector in GOOD if vector not in TORN]
BAD = [vector for vector in VECTORS if "error" in vector]


def fields(vector: dict[str, Any]) -> tuple[int, int, dict[str, Any], bytes]:
    return vector["type"], vector["id"], vector["header"], base64.b64decode(vector["body_b64"])


def decoded(*chunks: bytes) -> list[tuple[int, int, dict[str, Any], bytes]]:
    decoder = FrameDecoder()
    return [(frame.type, frame.id, frame.header, bytes(frame.body)) for chunk in chunks for frame in decoder.feed(chunk)]


def test_the_vectors_are_there() -> None:
    """Every type of frame has a vector, and there are wrong ones."""
    assert {vector["type"] for vector in GOOD} == set(FrameType)
    assert {vector["error"] for vector in BAD} == {"crc", "unknown_type", "body_too_long", "header"}


@each("vector", WHOLE)
def test_a_vector_decodes(vector: dict[str, Any]) -> None:
    """The bytes of a vector are its fields."""
    assert decoded(bytes.fromhex(vector["encoded_hex"])) == [fields(vector)]


@each("vector", GOOD)
def test_a_vector_survives_encoding(vector: dict[str, Any]) -> None:
    """What we encode decodes to the same fields."""
    kind, request_id, header, body = fields(vector)
    assert decoded(encode(FrameType(kind), request_id, header, body)) == [fields(vector)]


@each("vector", BAD)
def test_a_wrong_vector_is_refused(vector: dict[str, Any]) -> None:
    """Bytes that are no frame are refused with the vector's word."""
    with pytest.raises(FrameError) as caught:
        decoded(bytes.fromhex(vector["encoded_hex"]))
    assert caught.value.kind == vector["error"]


@each("vector", TORN)
def test_a_torn_frame_is_not_forgiven(vector: dict[str, Any]) -> None:
    """Dropping a torn frame is for the guest alone, to which a second server may attach; from a guest it is an error."""
    with pytest.raises(FrameError) as caught:
        decoded(bytes.fromhex(vector["encoded_hex"]))
    assert caught.value.kind == "crc"


@each("header", (b"{}{}", b'{"size":3} x', b"[]", b"3", b"{", b"\xff"))
def test_a_header_is_one_object(header: bytes) -> None:
    """Anything else is refused."""
    with pytest.raises(FrameError) as caught:
        decoded(encode(FrameType.DONE, 1, header))
    assert caught.value.kind == "header"


def test_a_header_may_be_encoded_beforehand_and_have_blanks_around_it() -> None:
    """As JSON has it."""
    assert decoded(encode(FrameType.DONE, 1, b' \n{"size": 3}\t')) == decoded(encode(FrameType.DONE, 1, {"size": 3}))


def test_frames_may_be_cut_anywhere() -> None:
    """However two frames with padding between are cut in two, they are the same two frames."""
    first = encode(FrameType.OUTPUT, 7, {"stream": "out", "offset": 0}, b"some output")
    second = encode(FrameType.DONE, 8, {"size": 3})
    stream = b"\0\0" + first + b"\0" + second
    expected = [(132, 7, {"stream": "out", "offset": 0}, b"some output"), (130, 8, {"size": 3}, b"")]
    for cut in range(len(stream) + 1):
        assert decoded(stream[:cut], stream[cut:]) == expected
    assert decoded(*(stream[at : at + 1] for at in range(len(stream)))) == expected


def test_a_body_in_one_piece_is_not_copied() -> None:
    """A frame that arrives whole is passed on as a view into what arrived."""
    received = bytearray(encode(FrameType.DATA, 1, {"offset": 0}, b"original"))
    (frame,) = FrameDecoder().feed(received)
    received[-8:] = b"modified"
    assert bytes(frame.body) == b"modified"


@pytest.mark.parametrize(("kind", "length"), [(FrameType.WRITE, 2 * 1024 * 1024 + 1), (FrameType.OUTPUT, 64 * 1024 + 1)])
def test_a_body_over_its_bound_is_not_encoded(kind: FrameType, length: int) -> None:
    """The bound of a body depends on who sends it, and holds when encoding too."""
    encode(kind, 1, {}, bytes(length - 1))
    with pytest.raises(ValueError, match="exceed a frame"):
        encode(kind, 1, {}, bytes(length))


def test_a_header_over_its_bound_is_not_encoded() -> None:
    """A header has at most 65,535 bytes."""
    with pytest.raises(ValueError, match="exceed a frame"):
        encode(FrameType.STAT, 1, {"path_b64": "a" * 65536})


def test_byte_strings_travel_as_base64() -> None:
    """Any bytes survive a header; what is no base64 is refused."""
    assert unpack_bytes(pack_bytes(bytes(range(256)))) == bytes(range(256))
    with pytest.raises(FrameError):
        unpack_bytes("not base64!")


def test_streams_may_be_cut_anywhere() -> None:
    """However the engine's packets are cut in two, each stream's bytes are the same and in order."""
    stream = packet(b"first") + packet(b"oops", stream=2) + packet(b"") + packet(b"second")
    for cut in range(len(stream) + 1):
        demultiplexer = Demultiplexer()
        pieces = [(number, bytes(piece)) for chunk in (stream[:cut], stream[cut:]) for number, piece in demultiplexer.feed(chunk)]
        assert b"".join(piece for number, piece in pieces if number == 1) == b"firstsecond"
        assert b"".join(piece for number, piece in pieces if number == 2) == b"oops"


def test_an_unknown_stream_is_refused() -> None:
    """The engine has streams 1 and 2 for us; anything else means that we are out of step."""
    with pytest.raises(FrameError):
        list(Demultiplexer().feed(packet(b"x", stream=7)))


def test_a_large_stream_is_decoded_in_linear_time() -> None:
    """Each byte is looked at once: many small chunks of one large frame are joined once, not once per chunk."""
    frame = encode(FrameType.OUTPUT, 1, {"stream": "out", "offset": 0}, bytes(8192))
    decoder = FrameDecoder()
    frames: list[Frame] = []
    for at in range(len(frame)):
        frames += decoder.feed(frame[at : at + 1])
    assert len(frames) == 1
    assert len(decoder._pieces._pieces) == 0
