"""Collects what is wrong with a curriculum, so that an author sees all of it at once. Knows nothing of tasks."""

from dataclasses import dataclass, field

from codecraft_server.errors import CurriculumError
from codecraft_server.settings import CurriculumBounds


@dataclass(slots=True)
class Problems:
    """Problems found so far; the first few are kept, all are counted."""

    bounds: CurriculumBounds
    kept: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, file: object, path: str, reason: str) -> None:
        """Note a problem: which file, where in it (a JSON path), and why."""
        self.add_whole(f"{file}: {path or 'top level'}", reason)

    def add_whole(self, file: object, reason: str) -> None:
        """Note a problem with all of a file, such as that it is not there."""
        self.count += 1
        if len(self.kept) < self.bounds.problems:
            self.kept.append(f"{file}: {reason}")

    def raise_any(self) -> None:
        """Raise one CurriculumError with everything that was kept, one problem a line, if there is any."""
        if not self.count:
            return
        more = self.count - len(self.kept)
        raise CurriculumError("\n".join([*self.kept, *([f"… and {more} more"] if more else [])]))
