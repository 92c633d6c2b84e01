"""The kinds of check, as they are written in a task: one small module each. How they are run is `grading.kinds`' matter.

A kind is its value in `task`, its reader here, its runner in `grading.kinds`, and its definition in curriculum.schema.json.
"""

from codecraft_server.curriculum.kinds import cases, command, file, function, pytest, script
from codecraft_server.curriculum.kinds.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (command.KIND, file.KIND, cases.KIND, function.KIND, pytest.KIND, script.KIND)}

__all__ = ["KINDS", "Kind"]
