"""Writes a curriculum document, whole or not at all, once it has been loaded as the server will. Knows no format.

Beside a file goes a copy of the schema that it names, so that an editor finds it wherever both are taken.
"""

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codecraft_server import curriculum
from codecraft_server.errors import ConfigurationError, CurriculumError
from codecraft_server.settings import TaskDefaults

SCHEMA = Path(curriculum.__file__).with_name("curriculum.schema.json")


def save(document: dict[str, Any], target: Path, defaults: TaskDefaults, *, force: bool) -> None:
    """Write a file, and the schema beside it; with `force` also where there is one.

    Raises:
        ConfigurationError: It can't be written there, or (CurriculumError) not be loaded. What was there is there still.
    """
    refuse_taken(target, force=force)
    try:
        with _replacing(target) as part:
            part.write_text(_text({"$schema": SCHEMA.name, **document}), "utf-8")
            _load(part, target, defaults)
            with _replacing(target.with_name(SCHEMA.name)) as schema:
                schema.write_bytes(SCHEMA.read_bytes())
    except UnicodeEncodeError:
        raise CurriculumError(f"{target}: must not have half of a surrogate pair") from None
    except OSError as error:
        raise ConfigurationError(f"{target} can't be written: {error.strerror}") from None


def _load(part: Path, target: Path, defaults: TaskDefaults) -> None:
    try:
        curriculum.load(part, defaults)
    except CurriculumError as error:
        raise CurriculumError(error.message.replace(str(part), str(target))) from None


def checked_text(document: dict[str, Any], defaults: TaskDefaults) -> str:
    """Return what `save` would write, but for the name of a schema: there is no place beside it. CurriculumError."""
    with tempfile.TemporaryDirectory() as folder:
        save(document, Path(folder) / "curriculum.json", defaults, force=False)
    return _text(document)


def refuse_taken(target: Path, *, force: bool) -> None:
    """Raise ConfigurationError where something is that must not be replaced."""
    schema = target.with_name(SCHEMA.name)
    if target == schema:
        raise ConfigurationError(f"{target} is the name of the schema that goes beside it; choose another name")
    _refuse_taken(target, force=force)
    if not (schema.is_file() and schema.read_bytes() == SCHEMA.read_bytes()):
        _refuse_taken(schema, force=force)


def _refuse_taken(path: Path, *, force: bool) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise ConfigurationError(f"{path} is there already and is no regular file; choose another name")
    if not force:
        raise ConfigurationError(f"{path} is there already; --force replaces it")


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place at the end, and is gone where it does not come to that."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):  # its directory is not there or can't be written: then it isn't there either
            part.unlink(missing_ok=True)
