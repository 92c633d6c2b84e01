"""Writes a curriculum document, whole or not at all, once it has been loaded as the server will. Knows no format."""

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from codecraft_server import curriculum
from codecraft_server.errors import ConfigurationError, CurriculumError
from codecraft_server.settings import TaskDefaults


def save(document: dict[str, Any], target: Path, defaults: TaskDefaults, *, force: bool) -> None:
    """Write a file; with `force` also where there is one.

    Raises:
        ConfigurationError: It can't be written there, or (CurriculumError) not be loaded. What was there is there still.
    """
    refuse_taken(target, force=force)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, indent=2)
            file.write("\n")
        curriculum.load(part, defaults)
        part.replace(target)
    except CurriculumError as error:
        raise CurriculumError(error.message.replace(str(part), str(target))) from None
    except UnicodeEncodeError:
        raise CurriculumError(f"{target}: must not have half of a surrogate pair") from None
    except OSError as error:
        raise ConfigurationError(f"{target} can't be written: {error.strerror}") from None
    finally:
        _remove(part)


def checked_text(document: dict[str, Any], defaults: TaskDefaults) -> str:
    """Return what `save` would write."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "curriculum.json"
        save(document, target, defaults, force=False)
        return target.read_text("utf-8")


def refuse_taken(target: Path, *, force: bool) -> None:
    """Raise ConfigurationError where something is that must not be replaced."""
    if not os.path.lexists(target):
        return
    if not target.is_file():
        raise ConfigurationError(f"{target} is there already and is no regular file; choose another name")
    if not force:
        raise ConfigurationError(f"{target} is there already; --force replaces it")


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError:  # its directory is not there or can't be written: then it isn't there either
        return
