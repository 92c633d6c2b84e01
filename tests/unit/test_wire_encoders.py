"""Every field of the schema that we send is carried, and every field of the domain is either carried or hidden for a reason."""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass, replace
from enum import Enum
from typing import Any, get_args

from each import each
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from samples import changed, filled

from codecraft.v1 import control_pb2, environment_pb2, types_pb2
from codecraft_server import rewards, sandbox
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import events
from codecraft_server.episodes.statistics import TaskStatistics
from codecraft_server.errors import InvalidFieldError
from codecraft_server.grading import verdict
from codecraft_server.task import GradingPlace, Task
from codecraft_server.wire import events as wire
from codecraft_server.wire import results, rollouts, views
from codecraft_server.wire.requests import Page
from codecraft_server.wire.scalars import EnumType
from codecraft_server.wire.status import status
from codecraft_server.wire.tasks import Terms

TERMS = Terms(output_max_bytes=77, rootfs_bounded=True)
THREE = Curriculum({str(number): filled(Task) for number in range(3)})
TWO_EACH = Page(size=2, token="")

# What of the domain clients never see, and why.
HIDDEN = {
    "TaskFile.path": "the agent sees them in its sandbox",
    "TaskFile.content": "likewise",
    "TaskFile.mode": "likewise",
    "Task.setup": "how a sandbox is laid out is the curriculum's affair",
    "Check.check_id": "checks are hidden until they have spoken",
    "Check.title": "likewise",
    "Check.weight": "likewise",
    "Check.timeout_s": "likewise",
    "Check.visibility": "likewise",
    "CommandCheck.command": "likewise",
    "CommandCheck.stdin": "likewise",
    "CommandCheck.exit_code": "likewise",
    "Expected.match": "likewise",
    "Expected.value": "likewise",
    "Task.aggregate": "how checks become a score tells of them",
    "Task.pass_score": "likewise",
    "Task.malformed_penalty": "seen where it is paid",
    "Task.solution": "the solution",
    "WrongAnswer.name": "hints at the solution",
    "WrongAnswer.commands": "likewise",
    "WrongAnswer.max_score": "likewise",
    "Task.grading_place": "where and on what work is judged is no business of those who are judged",
    "Task.grading_paths": "likewise",
    "Task.for_teacher": "it tells what to look for",
    "Task.license": "for those who distribute tasks",
    "Task.source": "likewise, and it may name where the solution stands",
    "SandboxSpec.capabilities": "found out by trying",
    "SandboxSpec.environment": "the agent sees it in its sandbox",
    "SandboxSpec.writable_rootfs": "shows in disk_bytes where it matters",
    "CheckResult.reason": "for the operator's log and authors, it tells the answer",
    "Ended.wall_s": "times are in Timing",
    "Ended.stalled_s": "likewise",
    "Ended.unkilled": "a broken kernel is the operator's affair",
    "Provided.warm": "Load has it",
    "Grade.problem": "the text of a submission by action says it; the log has it",
    "GradingSettings.copies": "memory is the operator's affair",
    "GradingSettings.works_kept": "work_kept is what is promised",
    "GradingSettings.work_bytes": "likewise",
    "EpisodeSettings.ended_kept": "result_kept is what is promised",
}
BOUNDS_NOT_TOLD = [  # the schema states them, or the operator keeps them to himself
    "heartbeat_s",
    "output_window_bytes",
    "output_max_bytes",
    "stall_s",
    "stall_total_s",
    "readers_per_step",
    "recorded_steps",
    "recorded_bytes",
    "ended_bytes",
    "drain_s",
    "max_command_bytes",
    "max_content_bytes",
    "max_stdin_bytes",
    "max_path_bytes",
    "max_grace_s",
]
FACTS = filled(views.ServerFacts)
LOAD = filled(events.Load)
Sample = tuple[Any, Callable[[Any], Message | None]]

# A domain value of every kind that is sent, with its encoder.
SAMPLES: list[Sample] = [
    (filled(views.ServerFacts), lambda facts: views.server_info(facts, LOAD, "digest", 14)),
    (filled(events.Load), lambda load: views.server_info(FACTS, load, "digest", 14)),
    (filled(Task), lambda task: views.get_task(task, TERMS)),
    (filled(Task), lambda task: views.list_tasks([task] * 3, "digest", TWO_EACH, TERMS)),
    *((filled(kind), lambda event: wire.reset_event(event, TERMS)) for kind in get_args(events.ResetEvent)),
    *((filled(kind), lambda event: wire.step_event(event, TERMS)) for kind in get_args(events.StepEvent)),
    (filled(events.Started), lambda event: wire.resume_event(event, TERMS)),
    *((filled(kind), wire.submit_event) for kind in get_args(events.SubmitEvent)),
    (replace(filled(events.StepResult), outcome=events.Outcome.PASSED), lambda event: wire.step_event(event, TERMS)),
    (replace(filled(events.SubmitResult), outcome=events.Outcome.PASSED), wire.submit_event),
    *((filled(kind), wire.regrade_event) for kind in get_args(events.RegradeEvent)),
    (filled(events.EpisodeView), lambda view: views.get_episode(view, TERMS)),
    (filled(events.EpisodeView), lambda view: views.list_episodes([view] * 3, TWO_EACH)),
    (filled(TaskStatistics), views.task_statistics),
    (filled(TaskStatistics), lambda one: views.list_task_statistics(THREE, lambda _: one, TWO_EACH)),
    (events.Outcome.PASSED, views.close),
    (filled(events.Ready), lambda event: rollouts.response(7, wire.reset_event(event, TERMS))),
    (filled(events.StepResult), lambda result: rollouts.stepped(7, result, TERMS)),
    (filled(events.SubmitResult), lambda event: rollouts.response(7, wire.submit_event(event))),
    (filled(events.EpisodeView), lambda view: rollouts.response(7, views.get_episode(view, TERMS))),
    (events.Outcome.PASSED, lambda outcome: rollouts.response(7, views.close(outcome))),
    (InvalidFieldError("field", "problem"), lambda error: rollouts.refusal(7, status(error))),
    (9, views.write_stdin),
    (9, views.prewarm),
]


def responses() -> list[Descriptor]:
    """Every response message of both services."""
    services = [*environment_pb2.DESCRIPTOR.services_by_name.values(), *control_pb2.DESCRIPTOR.services_by_name.values()]
    return [method.output_type for service in services for method in service.methods]


def reachable(message: Descriptor, seen: set[str]) -> set[str]:
    """Names of all fields of ours in a message and below it, as Message.field."""
    if message.name not in seen and message.full_name.startswith("codecraft."):
        seen.add(message.name)
        return {f"{message.name}.{field.name}" for field in message.fields}.union(
            *(reachable(field.message_type, seen) for field in message.fields if field.message_type)
        )
    return set()


def present(message: Message) -> Iterator[str]:
    """Names of the fields that are set in a message and below it."""
    for field, value in message.ListFields():
        yield f"{message.DESCRIPTOR.name}.{field.name}"
        for below in value if field.is_repeated else [value]:
            if isinstance(below, Message):
                yield from present(below)


def test_every_field_of_every_response_is_carried() -> None:
    """What the schema says we tell, some encoder fills in from the domain."""
    seen: set[str] = set()
    wanted = set().union(*(reachable(response, seen) for response in responses()))
    told = {name for value, encode in SAMPLES if (message := encode(value)) for name in present(message)}
    assert wanted - told == set()
    assert len(wanted) > 150


def test_every_value_of_the_domain_is_carried_or_hidden_for_a_reason() -> None:
    """Changing any part of what the domain says changes the message, but for a list of parts with reasons."""
    all_parts, told = set(), set()
    for value, encode in SAMPLES:
        if not is_dataclass(value):
            continue
        before = encode(value)
        for part, other in changed(value):
            all_parts.add(part)
            if part not in told and encode(other) != before:
                told.add(part)
    assert all_parts - told == set(HIDDEN) | {f"EpisodeSettings.{name}" for name in BOUNDS_NOT_TOLD}


def test_no_value_is_carried_into_two_fields_of_a_message() -> None:
    """Samples have different values everywhere, so an equal pair of fields means that one was filled from the wrong source."""
    for value, encode in SAMPLES:
        message = encode(value)
        assert message is not None
        _assert_distinct(message)


def _assert_distinct(message: Message) -> None:
    leaves: dict[Any, str] = {}
    for field, value in message.ListFields():
        for below in value if field.is_repeated else [value]:
            if isinstance(below, Message):
                _assert_distinct(below)
            elif field.type not in (FieldDescriptor.TYPE_BOOL, FieldDescriptor.TYPE_ENUM):
                assert leaves.setdefault(below, field.name) == field.name


@each(
    ("kind", "prefix", "schema", "unnamed"),
    [
        (sandbox.EndReason, "END_REASON", types_pb2.EndReason, set()),
        (sandbox.FileType, "FILE_TYPE", types_pb2.FileType, set()),
        (sandbox.Origin, "SANDBOX_ORIGIN", types_pb2.SandboxOrigin, set()),
        (sandbox.Stream, "OUTPUT_STREAM", types_pb2.OutputStream, set()),
        (events.ActionError, "ACTION_ERROR", types_pb2.ActionError, set()),
        (events.Outcome, "OUTCOME", types_pb2.Outcome, set()),
        (events.FaultReason, "FAULT_REASON", types_pb2.FaultReason, set()),
        (events.State, "EPISODE_STATE", environment_pb2.EpisodeState, set()),
        (rewards.RewardMode, "REWARD_MODE", types_pb2.RewardMode, set()),
        (rewards.RewardKind, "REWARD_KIND", types_pb2.RewardKind, set()),
        (rewards.Step, "STEP_LABEL", types_pb2.StepLabel, {"UNKNOWN"}),
        (verdict.Phase, "GRADING_PHASE", environment_pb2.GradingPhase, set()),
        (GradingPlace, "GRADING_PLACE", types_pb2.GradingPlace, set()),
    ],
)
def test_enums_of_domain_and_schema_have_the_same_names(kind: type[Enum], prefix: str, schema: EnumType[int], unnamed: set[str]) -> None:
    """Each value of the domain has one in the schema and the other way round; UNSPECIFIED stands for None."""
    domain = {f"{prefix}_{member.name}" for member in kind if member.name not in unnamed}
    assert domain | {f"{prefix}_UNSPECIFIED"} == set(schema.keys())


def test_a_hidden_check_is_never_sent() -> None:
    """A check that is not shown is no event and is not in the grade."""
    hidden = verdict.CheckResult("secret", "secret", passed=False, weight=1.0, shown=False)
    assert wire.step_event(hidden, TERMS) is None
    assert wire.resume_event(hidden, TERMS) is None
    assert wire.submit_event(hidden) is None
    assert wire.regrade_event(hidden) is None
    assert results.grade(verdict.Grade(0.0, passed=False, checks=(hidden,))) == types_pb2.Grade(
        score=0.0, passed=False, place=types_pb2.GRADING_PLACE_IN_PLACE
    )


def test_nothing_hidden_of_a_task_is_in_its_public_view() -> None:
    """No text of checks, solution, wrong answers or files appears in the bytes that agents get."""
    task = filled(Task)
    raw = views.get_task(task, TERMS).SerializeToString()
    secrets = [task.solution[0], task.setup[0], task.checks[0].title, task.checks[0].body.command, task.wrong[0].name, task.files[0].path]
    assert all(secret.encode() not in raw for secret in secrets)
    assert task.title.encode() in raw


def test_what_is_unknown_is_absent_and_not_zero() -> None:
    """An absent reward, exit code, score or usage has no value on the wire; a zero has one."""
    assert not results.reward(rewards.ABSENT).HasField("value")
    assert results.reward(rewards.NOTHING).HasField("value")
    assert not results.usage(sandbox.Usage()).ListFields()
    assert results.usage(sandbox.Usage(cpu_s=0.0, memory_peak_bytes=0, oom_kills=0)).HasField("oom_kills")
    assert not results.submit_result(replace(filled(events.SubmitResult), episode_return=None)).HasField("episode_return")


def test_disk_is_0_where_nothing_bounds_it() -> None:
    """A writable root file system that the storage driver can't bound has disk_bytes 0."""
    task = filled(Task)
    assert task.sandbox.writable_rootfs
    assert views.get_task(task, replace(TERMS, rootfs_bounded=False)).task.limits.disk_bytes == 0
    assert views.get_task(task, TERMS).task.limits.disk_bytes == task.sandbox.limits.disk_bytes


def test_terminated_and_truncated_follow_the_outcome() -> None:
    """Passed, failed and given up terminate; every other outcome truncates; none does neither."""
    for outcome in (None, *events.Outcome):
        result = results.step_result(replace(filled(events.StepResult), outcome=outcome), TERMS)
        assert result.terminated == (outcome in {events.Outcome.PASSED, events.Outcome.FAILED, events.Outcome.GAVE_UP})
        assert result.truncated == (outcome is not None and not result.terminated)
