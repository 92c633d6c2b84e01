"""Puts into the wheel what stands outside of the packages: the guest's binaries, the images' recipes and the curriculum.

An editable install leaves them where they are: from a checkout the server finds them there.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BINARIES = ("codecraft-guest-linux-amd64", "codecraft-guest-linux-arm64")


class GuestBuildHook(BuildHookInterface):
    """The build hook that pyproject.toml names."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files, or say how to make the ones that are missing."""
        if version == "editable":
            return
        root = Path(self.root)
        missing = [name for name in BINARIES if not (root / "guest" / "bin" / name).is_file()]
        if missing:
            raise FileNotFoundError(f"guest/bin lacks {', '.join(missing)}; run `make guest` first")
        included = {f"guest/bin/{name}": f"codecraft_server/_guest/{name}" for name in BINARIES}
        included |= {"curriculum.json": "codecraft_server/_data/curriculum.json", "images": "codecraft_server/_images"}
        if (root / "tasks").is_dir():
            included["tasks"] = "codecraft_server/_data/tasks"
        build_data["force_include"].update({str(root / source): target for source, target in included.items()})
