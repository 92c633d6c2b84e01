"""Who owns a container: a lock file per server instance, held for its life, by which others see whether it lives.

Owns the runtime directory. Must not know the engine. Instances of other machines or users can't be judged from here; for them there is
the expiry in the label. Everything here blocks for a moment: call it in a thread.
"""

import fcntl
import os
import secrets
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from codecraft_server.errors import ConfigurationError


class Alive(Enum):
    """What can be seen of an owner from here."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def default_directory() -> Path:
    """Where processes of this user on this machine keep what must not outlive a boot."""
    named = os.environ.get("XDG_RUNTIME_DIR")
    if named:
        return Path(named) / "codecraft"
    return Path("/run/codecraft") if os.geteuid() == 0 else Path(f"/tmp/codecraft-{os.geteuid()}")  # noqa: S108 - refused below unless ours


@dataclass(frozen=True, slots=True)
class Place:
    """A runtime directory with an id of its own, which labels carry: who shares the id can see each other's locks."""

    directory: Path
    identity: str

    @classmethod
    def open(cls, directory: Path | None = None) -> "Place":
        """Make or find it. Raises ConfigurationError where it is not safely ours."""
        directory = directory or default_directory()
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise ConfigurationError("the runtime directory belongs to somebody else; set XDG_RUNTIME_DIR to one of this user's own")
            return cls(directory, _identity(directory / "place"))
        except OSError as error:
            raise ConfigurationError(
                f"the runtime directory can't be used ({error.strerror}); set XDG_RUNTIME_DIR to a writable one"
            ) from error

    def alive(self, owner: str, place: str) -> Alive:
        """Whether the instance `owner` lives, as far as can be seen from here. A dead one's lock file is removed."""
        if place != self.identity or not owner.isalnum():
            return Alive.UNKNOWN
        path = self._lock_path(owner)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return Alive.NO
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Alive.YES
        else:
            path.unlink(missing_ok=True)
            return Alive.NO
        finally:
            os.close(descriptor)

    def _lock_path(self, owner: str) -> Path:
        return self.directory / f"{owner}.lock"

    def claim(self) -> "Ownership":
        """Become a new instance."""
        owner = secrets.token_hex(8)
        descriptor = os.open(self._lock_path(owner), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return Ownership(owner, self._lock_path(owner), descriptor)


@dataclass(frozen=True, slots=True)
class Ownership:
    """A live instance. The kernel lets go of its lock when the process ends, however it ends."""

    owner: str
    lock: Path
    _descriptor: int

    def release(self) -> None:
        """Be no more."""
        self.lock.unlink(missing_ok=True)
        os.close(self._descriptor)


def _identity(path: Path) -> str:
    """The id in this file, made by whoever comes first: written aside and linked, so that nobody reads half of it."""
    if not path.exists():
        aside = path.with_name(f"place.{secrets.token_hex(8)}")
        aside.write_text(secrets.token_hex(16))
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
