"""The door to the schema is complete: a field that is not carried fails a test here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import errors_pb2
from codecraft.v1 import types_pb2 as pb
from codecraft_client import errors
from codecraft_client.actions import ListFiles, ReadFile, RunCommand, Text, WriteFile
from codecraft_client.rewards import Reward, RewardMode, RewardOptions
from codecraft_client.types import ChoiceStrategy, EndReason, Observation, Outcome, TaskChoice
from codecraft_client.wire import enums, events, requests, status, values

DECODERS: list[tuple[type[Message], Callable[[Any], object]]] = [
    (env.GetServerInfoResponse, values.server_info),
    (env.GetEpisodeResponse, values.episode_status),
    (pb.Task, values.task),
    (env.ResetResponse, events.reset_event),
    (env.StepResponse, events.step_event),
    (env.SubmitResponse, events.submit_event),
    (ctl.RegradeResponse, events.regrade_event),
    (ctl.EpisodeSummary, values.episode_summary),
    (ctl.TaskStatistics, values.task_statistics),
]
TIMES = {"google.protobuf.Duration", "google.protobuf.Timestamp"}


def filled(kind: type[Message], path: tuple[str, ...] = ()) -> Message:
    """A message with every field set to something that is not its default; of a oneof the member in `path`, else the first."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            wanted = next((each for each in oneof.fields if path and each.name == path[0]), oneof.fields[0])
            if field is not wanted:
                continue
        inner = path[1:] if path and path[0] == field.name else ()
        put(message, field, inner)
    return message


def put(message: Message, field: FieldDescriptor, path: tuple[str, ...]) -> None:
    if field.message_type is not None:
        value = filled(field.message_type._concrete_class, path)
        target = getattr(message, field.name)
        if field.is_repeated:
            target.add().CopyFrom(value)
        else:
            target.CopyFrom(value)
    elif field.is_repeated:
        getattr(message, field.name).append(scalar(field))
    else:
        setattr(message, field.name, scalar(field))


def scalar(field: FieldDescriptor) -> Any:
    kinds = {FieldDescriptor.CPPTYPE_BOOL: True, FieldDescriptor.CPPTYPE_DOUBLE: 0.25, FieldDescriptor.CPPTYPE_ENUM: 2}
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return b"bytes" if field.type == FieldDescriptor.TYPE_BYTES else "text"
    return kinds.get(field.cpp_type, 7)


def paths(kind: Descriptor) -> Iterator[tuple[str, ...]]:
    """Every field of a message, and those of the messages in it."""
    for field in kind.fields:
        yield (field.name,)
        if field.message_type is not None and field.message_type.full_name not in TIMES:
            for rest in paths(field.message_type):
                yield (field.name, *rest)


def without(message: Message, path: tuple[str, ...]) -> Message:
    """A copy with the field at `path` cleared."""
    changed = type(message)()
    changed.CopyFrom(message)
    inner: Any = changed
    for name in path[:-1]:
        inner = getattr(inner, name)
        inner = inner if isinstance(inner, Message) else inner[0]
    inner.ClearField(path[-1])
    return changed


CASES = [(kind, decode, path) for kind, decode in DECODERS for path in paths(kind.DESCRIPTOR)]


@pytest.mark.parametrize(("kind", "decode", "path"), CASES, ids=[f"{kind.DESCRIPTOR.name}.{'.'.join(path)}" for kind, _, path in CASES])
def test_every_field_that_a_server_sends_arrives(kind: type[Message], decode: Callable[[Any], object], path: tuple[str, ...]) -> None:
    """Two messages that differ in one field decode to two values that differ."""
    full = filled(kind, path)
    assert decode(full) != decode(without(full, path))


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (RunCommand("c", 1.5, "in", stdin_open=True, session="s", separate=True), "run_command"),
        (WriteFile(b"p", b"c", mode=1, offset=2), "write_file"),
        (ReadFile(b"p", 1, 2), "read_file"),
        (ListFiles(b"p", 2, 3), "list_files"),
        (Text("t"), "text"),
    ],
)
def test_every_field_of_an_action_is_sent(action: Any, kind: str) -> None:
    """An action with all its values set fills every field of its message."""
    sent = requests.action(action)
    assert sent.WhichOneof("kind") == kind
    inner = getattr(sent, kind)
    if isinstance(inner, Message):
        assert {field.name for field, _ in inner.ListFields()} == {field.name for field in inner.DESCRIPTOR.fields}
    else:
        assert inner == "t"


def test_every_field_of_reward_options_is_sent() -> None:
    """Options with all their values set fill every field of their message; every mode but the unknown one can be asked for."""
    sent = requests.reward_options(RewardOptions(RewardMode.SHAPED, 0.25, 0.5))
    assert {field.name for field, _ in sent.ListFields()} == {field.name for field in pb.RewardOptions.DESCRIPTOR.fields}
    assert not requests.reward_options(RewardOptions()).HasField("milestone_share")
    for mode in set(RewardMode) - {RewardMode.UNKNOWN}:
        assert enums.REWARD_MODE[requests.reward_options(RewardOptions(mode)).mode] is mode
    with pytest.raises(errors.UsageError):
        requests.reward_options(RewardOptions(RewardMode.UNKNOWN))


def test_every_kind_of_action_can_be_made() -> None:
    """The schema has no kind of action that this client can't send."""
    assert {field.name for field in pb.Action.DESCRIPTOR.fields} == {"run_command", "write_file", "read_file", "list_files", "text"}


def test_every_field_of_a_reset_is_sent() -> None:
    """A choice with all its values set fills every field of its message, and each way to start is one of the schema's."""
    choice = TaskChoice(ChoiceStrategy.ADAPTIVE, -3, ("a", "b"), 2, 4, ("1",))
    sent = requests.reset("r", None, choice, "t")
    assert (sent.request_id, sent.trainer, sent.WhichOneof("start")) == ("r", "t", "choice")
    assert {field.name for field, _ in sent.choice.ListFields()} == {field.name for field in env.TaskChoice.DESCRIPTOR.fields}
    assert requests.reset("r", "1", None, "").WhichOneof("start") == "task_id"
    assert requests.reset("r", None, None, "").WhichOneof("start") == "no_task"


@pytest.mark.parametrize(
    "arguments",
    [
        ("r", "1", TaskChoice(), ""),
        ("r", None, TaskChoice(seed=2**63), ""),
        ("r", None, TaskChoice(min_difficulty=2**40), ""),
        ("r", None, None, "\ud800"),
        ("r", "\ud800", None, ""),
    ],
)
def test_a_reset_that_the_wire_cannot_carry_is_refused_here(arguments: Any) -> None:
    """Two ways to start, numbers out of range and lone surrogates are an error of ours, not protobuf's."""
    with pytest.raises(errors.UsageError):
        requests.reset(*arguments)


def test_every_strategy_can_be_asked_for() -> None:
    """The schema has no strategy that this client can't send."""
    sent = {requests.reset("r", None, TaskChoice(strategy), "").choice.strategy for strategy in ChoiceStrategy}
    assert sent == set(env.ChoiceStrategy.values()) - {0}


ENUMS = [
    (pb.OutputStream, enums.STREAM),
    (pb.EndReason, enums.END_REASON),
    (pb.FileType, enums.FILE_TYPE),
    (pb.ActionError, enums.ACTION_ERROR),
    (pb.RewardKind, enums.REWARD_KIND),
    (pb.RewardMode, enums.REWARD_MODE),
    (pb.StepLabel, enums.STEP_LABEL),
    (pb.Outcome, enums.OUTCOME),
    (pb.FaultReason, enums.FAULT_REASON),
    (pb.SandboxOrigin, enums.SANDBOX_ORIGIN),
    (pb.GradingPlace, enums.GRADING_PLACE),
    (env.EpisodeState, enums.EPISODE_STATE),
    (env.GradingPhase, enums.GRADING_PHASE),
]


@pytest.mark.parametrize(("schema", "table"), ENUMS, ids=[schema.DESCRIPTOR.name for schema, _ in ENUMS])
def test_every_value_of_an_enumeration_has_a_member(schema: Any, table: dict[int, Any]) -> None:
    """All values but UNSPECIFIED decode to a member of their own."""
    assert set(table) == set(schema.values()) - {0}
    assert len(set(table.values())) == len(table)


def test_every_reason_has_an_error() -> None:
    """The table from reasons to errors is total over the schema, and has nothing that is not in it."""
    reasons = {name.removeprefix("ERROR_REASON_") for name in errors_pb2.ErrorReason.keys()}  # noqa: SIM118 - an enumeration, not a dict
    assert set(errors.BY_REASON) == reasons - {"UNSPECIFIED"}
    assert len(set(errors.BY_REASON.values())) == len(errors.BY_REASON)


def test_unknown_values_stand_for_the_unknown() -> None:
    """What a later server may say decodes to what the schema asks to take it for."""
    end = values.command_end(pb.CommandEnd(reason=99))  # type: ignore[arg-type]
    assert (end.reason, end.exit_code) == (EndReason.UNKNOWN, None)
    assert values.outcome(99) is Outcome.UNKNOWN
    assert values.outcome(0) is None


def test_absence_is_not_zero() -> None:
    """An absent reward, usage or exit code is None, and a reward that is not valid has no value even if the server sent one."""
    assert values.reward(pb.Reward(valid=False, value=1.0)) == Reward(valid=False, value=None, components=())
    assert values.reward(pb.Reward(valid=True, value=0.0)).value == 0.0
    assert values.usage(pb.Usage()).cpu_s is None
    assert values.grade(pb.Grade()).score is None
    seen: Observation = values.observation(pb.Observation())
    assert (seen.command_end, seen.file, seen.files, seen.error) == (None, None, None, None)


def test_times_survive_to_the_nanosecond() -> None:
    """Seconds are rounded to whole nanoseconds, negative ones with the sign on both parts, as the well-known type asks."""
    assert requests.duration(1.5) == requests.Duration(seconds=1, nanos=500_000_000)
    assert requests.duration(-0.25) == requests.Duration(nanos=-250_000_000)
    assert values.seconds(requests.duration(0.123456789)) == pytest.approx(0.123456789, abs=1e-9)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e300])
def test_times_that_are_none_are_refused_here(seconds: float) -> None:
    """What the wire can't carry is an error of ours, not a ValueError of protobuf's."""
    with pytest.raises(errors.UsageError, match="seconds"):
        requests.action(RunCommand("ls", timeout_s=seconds))


@pytest.mark.parametrize("action", [WriteFile("p", "c", mode=2**40), ReadFile("p", offset=2**70), Text("\ud800")])
def test_values_that_the_wire_cannot_carry_are_refused_here(action: Any) -> None:
    """Integers out of range and lone surrogates are an error of ours, not protobuf's."""
    with pytest.raises(errors.UsageError):
        requests.action(action)


def test_paths_that_are_no_utf8_survive() -> None:
    """A path as Python smuggles it through strings (PEP 383) goes out as its bytes."""
    assert requests.action(ReadFile("caf\udce9")).read_file.path == b"caf\xe9"


def test_a_status_of_a_stranger_is_not_the_servers_word() -> None:
    """Without our ErrorInfo, or with garbage where it should be, nothing is taken for a refusal."""
    nowhere = errors.Where()
    assert status.server_error("INTERNAL", "boom", None, nowhere) is None
    assert status.server_error("INTERNAL", "boom", b"\xff\xff\xff", nowhere) is None
