"""Hidden files of a check: what is laid into its private directory when it runs."""

from codecraft_server.curriculum import texts
from codecraft_server.curriculum.documents import Node
from codecraft_server.task import TaskFile

RESERVED = "codecraft-"  # names in that directory that are ours


def hidden_files(node: Node | None) -> tuple[TaskFile, ...]:
    """Return files with relative paths."""
    files = texts.files(node)
    for file in files:
        if node is not None and (file.path.startswith(("/", RESERVED)) or file.path == "."):
            node.key(file.path, None).problem(f'must be a relative path that does not begin with "{RESERVED}"')
    if node is not None and sum(len(file.content) for file in files) > node.source.problems.bounds.hidden_bytes:
        node.problem(f"must have at most {node.source.problems.bounds.hidden_bytes} bytes together")
    return files
