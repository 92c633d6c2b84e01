"""One entry of a curriculum, as a whole: from its JSON object to a frozen task."""

from collections.abc import Mapping
from dataclasses import replace

from codecraft_server.curriculum import digest, sandboxes, texts, values
from codecraft_server.curriculum.checks import checks
from codecraft_server.curriculum.documents import Node
from codecraft_server.settings import TaskDefaults
from codecraft_server.task import Aggregate, Check, GradingPlace, Task, TaskFile, WrongAnswer

_REQUIRED = ("title", "category", "docker", "shell", "description")
_KEYS = (
    *("title", "category", "tags", "difficulty", "prerequisites", *sandboxes.KEYS, "description", "test", "for_teacher", "files", "setup"),
    *("checks", "milestones", "milestone_share", "grading", "malformed_penalty", "solution", "wrong", "license", "source"),
)
_WRITABLE = ("/tmp", "/home/agent", "/dev/shm")  # noqa: S108 - directories of the sandbox, not of this machine


def task(task_id: str, node: Node, defaults: TaskDefaults) -> Task:
    """Return the task of an entry; what is wrong with it is noted, and then the task is not to be used."""
    fields = node.fields(_KEYS, _REQUIRED)
    if isinstance(node.value, dict) and not {"test", "for_teacher"} & fields.keys():
        node.problem('"test" (what the agent reads about how it is judged) or "for_teacher" is missing')
    limits, bounds = sandboxes.limits(fields.get("limits"), defaults)
    sandbox = sandboxes.spec(fields, bounds)
    place, paths, aggregate, pass_score = _grading(fields.get("grading"), defaults)
    milestones = checks(fields.get("milestones"), limits.grading_s)
    files = texts.files(fields.get("files"))
    if not sandbox.writable_rootfs:
        _note_unwritable(files, fields.get("files"), sandbox.working_dir.decode())
    made = Task(
        task_id=task_id,
        title=values.name(fields.get("title")),
        category=values.name(fields.get("category")),
        tags=values.names(fields.get("tags")),
        difficulty=values.integer(fields.get("difficulty"), 0, least=1, most=10),
        prerequisites=values.names(fields.get("prerequisites")),
        description=texts.text(fields.get("description")),
        test=texts.text(fields.get("test")),
        sandbox=sandbox,
        limits=limits,
        digest="",
        files=files,
        setup=texts.commands(fields.get("setup")),
        checks=checks(fields.get("checks"), limits.grading_s),
        aggregate=aggregate,
        pass_score=pass_score,
        malformed_penalty=values.number(fields.get("malformed_penalty"), defaults.malformed_penalty, least=-1e6, most=0),
        solution=texts.deeds(fields.get("solution")),
        wrong=_wrong(fields.get("wrong")),
        milestones=milestones,
        milestone_share=_milestone_share(fields.get("milestone_share"), milestones, defaults),
        grading_place=place,
        grading_paths=paths,
        for_teacher=texts.text(fields.get("for_teacher")),
        license=values.name(fields.get("license")),
        source=texts.text(fields.get("source")),
    )
    return replace(made, digest=digest.digest(made))


def _grading(node: Node | None, defaults: TaskDefaults) -> tuple[GradingPlace, tuple[str, ...], Aggregate, float]:
    fields: Mapping[str, Node] = {} if node is None else node.fields(("place", "paths", "aggregate", "pass_score"))
    paths: tuple[str, ...] = (".",)
    if "paths" in fields:
        paths = tuple(values.path(item, item.value) for item in fields["paths"].items(64))
        if not paths:
            fields["paths"].problem("must not be empty")
    return (
        values.choice(fields.get("place"), GradingPlace.FRESH),
        paths,
        values.choice(fields.get("aggregate"), Aggregate.ALL),
        values.number(fields.get("pass_score"), defaults.pass_score, least=0, most=1, above=True),
    )


def _milestone_share(node: Node | None, milestones: tuple[Check, ...], defaults: TaskDefaults) -> float | None:
    share = values.number(node, defaults.milestone_share, least=0, most=1)
    if milestones:
        return share
    if node is not None:
        node.problem("there are no milestones to share it")
    return None


def _wrong(node: Node | None) -> tuple[WrongAnswer, ...]:
    answers = []
    for item in node.items(node.source.problems.bounds.checks) if node is not None else ():
        fields = item.fields(("name", "commands", "max_score"), ("name", "commands"))
        answers.append(
            WrongAnswer(
                name=values.name(fields.get("name")),
                commands=texts.deeds(fields.get("commands")),
                max_score=values.number(fields.get("max_score"), 0.0, least=0, most=1),
            )
        )
    return tuple(answers)


def _note_unwritable(files: tuple[TaskFile, ...], node: Node | None, working_dir: str) -> None:
    roots = (working_dir, *_WRITABLE)
    for file in files:
        inside = any(file.path.startswith(f"{root.rstrip('/')}/") for root in roots)
        if node is not None and file.path.startswith("/") and not inside:
            node.key(file.path, None).problem(
                f'with a read-only root file system only {", ".join(roots)} can be written; "rootfs": "writable" makes all of it so'
            )
