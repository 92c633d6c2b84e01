"""Reads foreign files of records: one JSON object a line, plain or gzip. Knows no format's fields."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from codecraft_server.curriculum.documents import Node, Source, parsed
from codecraft_server.curriculum.problems import Problems
from codecraft_server.settings import ImportBounds

_GZIP = b"\x1f\x8b"
_BOUNDS = ImportBounds()


def json_lines(path: Path, problems: Problems) -> Iterator[Node]:
    """Yield the records of a file, each with the number of its line; notes what is no JSON, and that there are none at all."""
    source = Source(path, None, problems)
    content = _content(path, Node(None, "", source))
    if content is None:
        return
    written = [(number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    if not written:
        problems.add(path, "", "has no records")
    for number, line in written:
        record = parsed(line, source, number)
        if record is not None:
            yield record


def texts(record: Node, keys: Sequence[str]) -> Mapping[str, str] | None:
    """Return the texts of a record that must have exactly these keys; None, and problems noted, when it has not."""
    before = record.source.problems.count
    fields = record.fields(keys, keys)
    for field in fields.values():
        if not isinstance(field.value, str):
            field.wrong_type("a string")
    if record.source.problems.count > before:
        return None
    return {key: str(field.value) for key, field in fields.items()}


def _content(path: Path, asker: Node) -> bytes | None:
    """Return what is in a file, unpacked."""
    most = _BOUNDS.foreign_bytes
    try:
        with path.open("rb") as file:
            packed = file.read(most + 1)
        zipped = packed.startswith(_GZIP)
        content = gzip.GzipFile(fileobj=io.BytesIO(packed)).read(most + 1) if zipped else packed
    except gzip.BadGzipFile as error:
        asker.problem(f"is damaged gzip: {error}")
    except (EOFError, zlib.error) as error:
        asker.problem(f"is damaged gzip: {str(error).rstrip('.')}")
    except OSError as error:
        asker.problem(f"can't be read: {error.strerror}")
    else:
        if path.suffix == ".gz" and packed and not zipped:
            asker.problem("is not gzip, though its name ends in .gz")
        elif len(content) > most:
            asker.problem(f"has more than {most} bytes unpacked")
        else:
            return content
    return None
