"""Every field of every request arrives, and what only the wire can see wrong is refused with the field's path."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from each import each
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import status_pb2

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft_server.episodes.choosing import Strategy, TaskChoice
from codecraft_server.episodes.events import ListFiles, ReadFile, RunCommand, TextAction, WriteFile
from codecraft_server.errors import InvalidFieldError
from codecraft_server.rewards import RewardMode, RewardTerms
from codecraft_server.wire import requests, rollouts

RUN = pb.RunCommand(
    command=b"c", timeout=Duration(seconds=3), stdin=b"in", stdin_open=True, session="s", output_mode=pb.OUTPUT_MODE_SEPARATE
)
CHOICE = env.TaskChoice(
    strategy=env.CHOICE_STRATEGY_ADAPTIVE, seed=-3, categories=["b", "a", "b"], min_difficulty=2, max_difficulty=4, task_ids=["2", "1", "2"]
)
ADDRESS = {"episode_id": "e", "episode_token": "t"}


def rollout(message: env.RolloutRequest) -> object:
    """A request of a rollout as the server takes it: what is asked, and what its answer says of it."""
    asked = rollouts.step(message) if message.HasField("step") else rollouts.request(message)
    return asked, rollouts.refusal(message.correlation_id, status_pb2.Status())


# For every request with fields, samples that together have them all set, and the decoder.
SAMPLES: list[tuple[Message, Callable[[Any], Any]]] = [
    (env.ListTasksRequest(page_size=5, page_token="p", category="c"), requests.task_page),
    (env.GetTaskRequest(task_id="1"), requests.task_id),
    (env.ResetRequest(request_id="r", task_id="1"), requests.reset),
    (env.ResetRequest(request_id="r", no_task=env.NoTask()), requests.reset),
    (env.ResetRequest(task_id="1", reward=pb.RewardOptions(mode=pb.REWARD_MODE_SHAPED, milestone_share=0.5, discount=0.5)), requests.reset),
    (env.ResetRequest(request_id="r", choice=CHOICE, trainer="t"), requests.reset),
    (env.StepRequest(**ADDRESS, step_index=3, action=pb.Action(run_command=RUN), stream_output=True), requests.step),
    (env.StepRequest(action=pb.Action(write_file=pb.WriteFile(path=b"p", content=b"c", mode=0o600, offset=7))), requests.step),
    (env.StepRequest(action=pb.Action(read_file=pb.ReadFile(path=b"p", offset=4, max_bytes=5))), requests.step),
    (env.StepRequest(action=pb.Action(list_files=pb.ListFiles(path=b"p", depth=3, max_entries=4))), requests.step),
    (env.StepRequest(action=pb.Action(text="{}")), requests.step),
    (env.SubmitRequest(**ADDRESS, again=True), requests.submit),
    (env.ResumeRequest(**ADDRESS, step_index=3, out_offset=4, err_offset=5), requests.resume),
    (env.InterruptRequest(**ADDRESS, step_index=3, grace=Duration(seconds=2)), requests.interrupt),
    (env.WriteStdinRequest(**ADDRESS, step_index=3, offset=4, data=b"d", end_of_file=True), requests.write_stdin),
    (env.GetEpisodeRequest(**ADDRESS), requests.episode),
    (env.CloseRequest(**ADDRESS), requests.episode),
    (env.RolloutRequest(correlation_id=7, reset=env.ResetRequest(request_id="r")), rollout),
    (env.RolloutRequest(step=env.StepRequest(episode_id="e")), rollout),
    (env.RolloutRequest(submit=env.SubmitRequest(**ADDRESS)), rollout),
    (env.RolloutRequest(close=env.CloseRequest(**ADDRESS)), rollout),
    (env.RolloutRequest(get_episode=env.GetEpisodeRequest(**ADDRESS)), rollout),
    (ctl.ListEpisodesRequest(page_size=5, page_token="p"), requests.episode_page),
    (ctl.RegradeRequest(episode_id="e"), requests.regrade),
    (ctl.ListTaskStatisticsRequest(page_size=5, page_token="p", trainer="t"), requests.statistics_page),
    (ctl.PrewarmRequest(task_id="1", sandboxes=4), lambda request: requests.prewarm(request, 10)),
]


def wanted(message: Descriptor) -> set[str]:
    """Names of all fields of ours in a message and below it, as Message.field."""
    below = [field.message_type for field in message.fields if field.message_type and field.message_type.full_name.startswith("codecraft.")]
    return {f"{message.name}.{field.name}" for field in message.fields}.union(*map(wanted, below))


def without_one(message: Message) -> Iterator[tuple[str, Message]]:
    """Yield copies of a message, each lacking one of the fields that are set in it or below it, with that field's name."""
    for field, value in message.ListFields():
        lacking = type(message)()
        lacking.CopyFrom(message)
        lacking.ClearField(field.name)
        yield f"{message.DESCRIPTOR.name}.{field.name}", lacking
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for name, other in without_one(value):
                changed = type(message)()
                changed.CopyFrom(message)
                getattr(changed, field.name).CopyFrom(other)
                yield name, changed


def decoded(decode: Callable[[Any], Any], message: Message) -> object:
    """What a decoder makes of a message, its refusal included."""
    try:
        return decode(message)
    except InvalidFieldError as error:
        return str(error)


def test_every_field_of_every_request_arrives() -> None:
    """Leaving out any field of a request changes what its decoder returns."""
    services = [*env.DESCRIPTOR.services_by_name.values(), *ctl.DESCRIPTOR.services_by_name.values()]
    fields = set().union(*(wanted(method.input_type) for service in services for method in service.methods))
    arrived = {
        name
        for message, decode in SAMPLES
        for name, lacking in without_one(message)
        if decoded(decode, lacking) != decoded(decode, message)
    }
    assert fields - arrived == set()
    assert len(fields) > 40


def test_a_choice_arrives_as_it_was_sent() -> None:
    """Every value in its place; a list is taken for the set that it means, and a strategy that is not named is the uniform one."""
    wanted = TaskChoice(Strategy.ADAPTIVE, -3, ("a", "b"), 2, 4, ("1", "2"))
    assert requests.reset(env.ResetRequest(request_id="r", choice=CHOICE, trainer="t")) == requests.Reset("r", wanted, "t")
    assert requests.reset(env.ResetRequest(choice=env.TaskChoice())).start == TaskChoice(Strategy.UNIFORM)


def test_every_strategy_of_the_schema_is_known_and_no_other() -> None:
    """Each value has a strategy of its own name; what a later schema may add is refused."""
    for name, number in env.ChoiceStrategy.items():
        if number:
            start = requests.reset(env.ResetRequest(choice=env.TaskChoice(strategy=number))).start
            assert isinstance(start, TaskChoice)
            assert name == f"CHOICE_STRATEGY_{start.strategy.name}"
    assert len(env.ChoiceStrategy.values()) == len(Strategy) + 1
    with pytest.raises(InvalidFieldError, match=r"choice\.strategy: 99"):
        requests.reset(env.ResetRequest(choice=env.TaskChoice(strategy=99)))  # type: ignore[arg-type]


def test_actions_arrive_as_they_were_sent() -> None:
    """Each kind of action is decoded into its own, with every value in its place."""
    assert requests.action(pb.Action(run_command=RUN)) == RunCommand(b"c", 3.0, b"in", stdin_open=True, session="s", separate=True)
    write = pb.WriteFile(path=b"p", content=b"c", mode=0o600, offset=7)
    assert requests.action(pb.Action(write_file=write)) == WriteFile(b"p", b"c", 0o600, 7)
    assert requests.action(pb.Action(read_file=pb.ReadFile(path=b"p", offset=4, max_bytes=5))) == ReadFile(b"p", 4, 5)
    assert requests.action(pb.Action(list_files=pb.ListFiles(path=b"p", depth=3, max_entries=4))) == ListFiles(b"p", 3, 4)
    assert requests.action(pb.Action(text="{}")) == TextAction("{}")


def test_absent_fields_mean_the_documented_defaults() -> None:
    """What a client leaves out is None, or the default which the schema states; an empty standard input is not an absent one."""
    assert requests.action(pb.Action(run_command=pb.RunCommand())) == RunCommand(b"", None, None, session="main", separate=False)
    assert requests.action(pb.Action(run_command=pb.RunCommand(stdin=b""))) == RunCommand(b"", stdin=b"")
    assert requests.action(pb.Action(write_file=pb.WriteFile(path=b"p"))) == WriteFile(b"p", b"", None, None)
    assert requests.action(pb.Action(write_file=pb.WriteFile(path=b"p", mode=0, offset=0))) == WriteFile(b"p", b"", 0, 0)
    assert requests.action(pb.Action(list_files=pb.ListFiles())) == ListFiles(b"", 1, 1000)
    assert requests.task_page(env.ListTasksRequest()).size == 100
    assert requests.task_page(env.ListTasksRequest(page_size=9999)).size == 500


def test_reward_options_arrive_as_they_were_sent() -> None:
    """Absent options are the outcome's alone; an absent number is None and a zero is one, whatever rules say of it later."""
    assert requests.reset(env.ResetRequest(task_id="1")).reward == RewardTerms()
    assert requests.reward_terms(pb.RewardOptions()) == RewardTerms(RewardMode.OUTCOME)
    assert requests.reward_terms(pb.RewardOptions(mode=pb.REWARD_MODE_MILESTONES, milestone_share=0)) == RewardTerms(
        RewardMode.MILESTONES, 0.0
    )
    assert requests.reward_terms(pb.RewardOptions(mode=pb.REWARD_MODE_SHAPED, discount=1)) == RewardTerms(RewardMode.SHAPED, None, 1.0)


def _run_for(**timeout: int) -> env.StepRequest:
    return env.StepRequest(action=pb.Action(run_command=pb.RunCommand(timeout=Duration(**timeout))))


@each(
    ("decode", "request_", "field"),
    [
        (requests.reset, env.ResetRequest(request_id="r"), "start"),
        (requests.reset, env.ResetRequest(task_id="1", reward=pb.RewardOptions(mode=77)), "reward.mode"),  # type: ignore[arg-type]
        (requests.step, env.StepRequest(), "action.kind"),
        (requests.step, env.StepRequest(action=pb.Action()), "action.kind"),
        (requests.step, _run_for(seconds=-1), "action.run_command.timeout"),
        (requests.step, _run_for(nanos=-1), "action.run_command.timeout"),
        (requests.step, _run_for(seconds=1, nanos=-1), "action.run_command.timeout"),
        (requests.step, _run_for(nanos=1_000_000_000), "action.run_command.timeout"),
        (requests.step, _run_for(seconds=1 << 60), "action.run_command.timeout"),
        (requests.step, env.StepRequest(action=pb.Action(run_command=pb.RunCommand(output_mode=77))), "action.run_command.output_mode"),  # type: ignore[arg-type]
        (rollouts.request, env.RolloutRequest(), "request"),
        (rollouts.step, env.RolloutRequest(step=env.StepRequest(stream_output=True)), "step.stream_output"),
        (requests.interrupt, env.InterruptRequest(grace=Duration(seconds=-5)), "grace"),
        (requests.task_page, env.ListTasksRequest(page_size=-1), "page_size"),
        (requests.episode_page, ctl.ListEpisodesRequest(page_size=-1), "page_size"),
        (lambda request: requests.prewarm(request, 3), ctl.PrewarmRequest(sandboxes=-1), "sandboxes"),
        (lambda request: requests.prewarm(request, 3), ctl.PrewarmRequest(sandboxes=4), "sandboxes"),
    ],
)
def test_what_only_the_wire_can_see_wrong_names_its_field(decode: Callable[[Any], Any], request_: Message, field: str) -> None:
    """A missing choice, a broken duration, an unknown enum value or a size out of range is refused with the schema's path of the field."""
    with pytest.raises(InvalidFieldError) as refusal:
        decode(request_)
    assert refusal.value.field == field


def test_an_action_of_a_newer_schema_is_refused_not_ignored() -> None:
    """A kind of action that this server does not know is no kind at all."""
    unknown = bytes([(15 << 3) | 2, 0])
    with pytest.raises(InvalidFieldError, match="this server knows"):
        requests.action(pb.Action.FromString(unknown))
