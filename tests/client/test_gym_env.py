"""The Gymnasium environment over whole servers: fake sandboxes, and once real containers."""

import copy
import json
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env

from codecraft_client import ChoiceStrategy, Client, CodecraftError, ReadFile, RetryPolicy, RewardMode, RewardOptions, TaskChoice, errors
from codecraft_client.gym import ENV_ID, KINDS, NO_TASK, CodeCraftEnv, EpisodeFaultError, typed
from codecraft_client.gym.actions import TEXT_BYTES

Make = Callable[..., CodeCraftEnv]


def act(action: str, **fields: object) -> str:
    return json.dumps({"action": action, **fields}, ensure_ascii=False)


def echo(text: str) -> str:
    return act("command", command=f"echo {text}")


@pytest.fixture
def make(process_address: str) -> Iterator[Make]:
    """Makes environments without Gymnasium's wrappers, and closes them."""
    made: list[gymnasium.Env[Any, Any]] = []

    def make(task: str | None = "1", **arguments: Any) -> CodeCraftEnv:
        made.append(gymnasium.make(ENV_ID, target=process_address, task=task, **arguments))
        inner = made[-1].unwrapped
        assert isinstance(inner, CodeCraftEnv)
        return inner

    yield make
    for env in made:
        env.close()


@pytest.mark.parametrize("mode", ["text", "typed"])
def test_gymnasiums_checker_has_nothing_to_say(make: Make, mode: str) -> None:
    """check_env passes over real episodes without a single warning, all render modes included."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(action_mode=mode))


@pytest.mark.docker
def test_gymnasiums_checker_with_real_containers(docker_address: str) -> None:
    """The same in containers: observations and infos are the same again from one episode to the next."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gymnasium.make(ENV_ID, target=docker_address, task="1")
        check_env(env.unwrapped)
    env.close()


@pytest.mark.docker
def test_an_episode_in_a_real_container(docker_address: str) -> None:
    """A mistake, the work in a file, a look at it, a grade."""
    env = gymnasium.make(ENV_ID, target=docker_address, task="1", render_mode="ansi")
    env.reset(seed=1)
    assert env.step("print hello")[1] == -1.0
    env.step(act("write_file", path="hello.py", content='print("Hello, World!")'))
    observation, reward, terminated, _, _ = env.step(act("command", command="python3 hello.py; ls; (exit 3)"))
    assert (observation["output"], observation["exit_code"], reward, terminated) == ("Hello, World!\nhello.py\n", 3, 0.0, False)
    _, reward, terminated, truncated, info = env.step(act("submit"))
    assert (reward, terminated, truncated, info["outcome"]) == (1.0, True, False, "passed")
    screen = env.render()
    assert "$ python3 hello.py; ls; (exit 3)\nHello, World!\nhello.py\n[exited 3]\n" in str(screen)
    env.close()


def test_making_says_nothing_to_a_server() -> None:
    """Environments are made, copied and closed where no server is; the first reset says that there is none."""
    env = gymnasium.make(ENV_ID, target="127.0.0.1:1", task="1")
    assert env.action_space.sample() in env.action_space
    copy.deepcopy(env.unwrapped).close()
    pickle.loads(pickle.dumps(env.unwrapped)).close()
    env.close()
    inner = env.unwrapped
    assert isinstance(inner, CodeCraftEnv)
    inner._client = Client("127.0.0.1:1", retry=RetryPolicy(window_s=0.1))
    with pytest.raises(errors.ServerUnavailableError):
        env.reset()
    env.close()


def test_a_copy_is_a_new_environment(make: Make) -> None:
    """Also of one that is in the middle of an episode: it is made alike, and has an episode of its own."""
    env = make("short", action_mode="typed")
    env.reset(seed=1)
    twin = pickle.loads(pickle.dumps(env))
    assert twin.episode is None
    assert twin.action_space == env.action_space
    twin.reset(seed=1)
    assert env.episode is not None
    assert twin.episode.episode_id != env.episode.episode_id
    twin.close()
    assert env.step(typed("run_command", command="echo on"))[0]["output"] == "on\n"


def test_a_mistake_costs_and_the_episode_goes_on(make: Make) -> None:
    """Nonsense, an unknown action, and a text beyond all bounds each pay -1; what is right then still passes."""
    env = make()
    env.reset()
    for mistake in ("ls -la", act("dance"), "", "x" * (3 * TEXT_BYTES), "你" * TEXT_BYTES):
        observation, reward, terminated, truncated, info = env.step(mistake)
        assert (reward, terminated, truncated, info["label"]) == (-1.0, False, False, -1)
        assert observation["message"]
    assert env.step(act("submit"))[1:4] == (1.0, True, False)


@pytest.mark.parametrize("action", [7, None, {"action": "command"}, "\ud800"], ids=repr)
def test_what_is_no_text_is_an_error_of_the_program(make: Make, action: Any) -> None:
    """It is not in the action space, is not sent, and counts for nothing."""
    env = make()
    env.reset()
    with pytest.raises(InvalidAction, match="is not in Utf8"):
        env.step(action)
    assert env.step(echo("on"))[0]["steps_left"] == 99


def test_steps_out_of_season(make: Make) -> None:
    """Before the first reset, after the end, and after close: ResetNeeded, as Gymnasium has it."""
    env = make()
    with pytest.raises(ResetNeeded):
        env.step(echo("early"))
    env.reset()
    assert env.step(act("close"))[1:4] == (0.0, True, False)
    with pytest.raises(ResetNeeded, match="over"):
        env.step(echo("late"))
    env.reset()
    env.close()
    env.close()
    with pytest.raises(ResetNeeded):
        env.step(echo("late"))
    assert env.reset()[0]["steps_left"] == 100


def test_one_episode_at_a_time(make: Make, process_address: str) -> None:
    """A reset closes the episode before it."""
    env = make()
    with Client(process_address) as client:
        before = client.server_info().capacity.episodes
        for _ in range(3):
            env.reset()
            assert client.server_info().capacity.episodes == before + 1
        env.close()
        assert client.server_info().capacity.episodes == before


def test_options(make: Make) -> None:
    """A reset may be told the task; an option that nobody knows is an error, and opens nothing."""
    env = make()
    assert env.reset(options={"task_id": "short"})[1]["task_id"] == "short"
    assert env.reset()[1]["task_id"] == "1"
    with pytest.raises(errors.UsageError, match="tusk_id"):
        env.reset(options={"tusk_id": "1"})
    with pytest.raises(errors.UsageError, match="must be a string"):
        env.reset(options={"task_id": 1})
    with pytest.raises(errors.TaskNotFoundError):
        env.reset(options={"task_id": "nowhere"})


@pytest.mark.parametrize("wrong", [{"action_mode": "dict"}, {"on_fault": "ignore"}, {"render_mode": "rgb_array"}], ids=str)
def test_modes_that_there_are_none_of(wrong: dict[str, Any]) -> None:
    """A mistyped mode is refused when the environment is made."""
    with pytest.raises(errors.UsageError, match="must be one of"):
        CodeCraftEnv(**wrong)


def test_without_a_task_the_agent_starts_one(make: Make) -> None:
    """As in gym-codecraft: `start` is an action; what comes before it is a mistake."""
    env = make(task=NO_TASK)
    observation, info = env.reset()
    assert observation["message"]
    assert "task_id" not in info
    assert env.step(echo("early"))[1] == -1.0
    observation, reward, _, _, info = env.step(act("start", task_id="short"))
    assert (reward, info["task_id"]) == (0.0, "short")
    assert "Say hello." in observation["message"]


def test_without_a_task_chance_picks_one(make: Make) -> None:
    """The same seed picks the same tasks again, in a new environment, too; all that can be graded are picked, and no other."""
    runs = []
    for _ in range(2):
        env = make(task=None)
        runs.append([env.reset(seed=3)[1]["task_id"], *(env.reset()[1]["task_id"] for _ in range(11))])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {"1", "short", "way"}
    assert [env.reset(seed=3)[1]["task_id"], *(env.reset()[1]["task_id"] for _ in range(3))] == runs[0][:4]


def test_gymnasiums_checker_with_tasks_picked_by_chance(make: Make) -> None:
    """A seed decides all: check_env passes without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(task=None))


def test_the_server_may_choose(make: Make) -> None:
    """A choice, of the environment or of one reset, goes to the server with the trainer's name."""
    in_order = TaskChoice(ChoiceStrategy.IN_ORDER)
    env = make(task=None, choice=in_order, trainer=f"trainer of {os.getpid()}")
    assert [env.reset()[1]["task_id"] for _ in range(4)] == ["1", "short", "way", "1"]
    assert env.reset(options={"choice": TaskChoice(task_ids=("short",))})[1]["task_id"] == "short"
    assert env.reset(options={"task_id": "ungradable"})[1]["task_id"] == "ungradable"
    with pytest.raises(errors.UsageError, match="not both"):
        env.reset(options={"task_id": "1", "choice": in_order})
    with pytest.raises(errors.UsageError, match="not both"):
        make(task="1", choice=in_order)


def test_reward_modes(make: Make) -> None:
    """Episodes pay as the environment, or one reset, was told: by default for their outcome only."""
    way = RewardOptions(RewardMode.MILESTONES)
    write = act("write_file", path="a", content="")
    env = make("way", reward=way)
    env.reset()
    _, reward, _, _, info = env.step(write)
    assert (reward, info["reward_components"], info["label"]) == (0.125, {"milestone/a": 0.125}, 1)
    assert info["milestones"] == (("a", True, True, 0.25),)
    assert env.step(act("submit"))[1] == 0.5
    env.reset(options={"reward": RewardOptions()})
    assert env.step(write)[1] == 0.0
    env = make("way")
    env.reset()
    assert env.step(write)[1] == 0.0
    assert env.reset(options={"reward": way, "task_id": "way"})[1]["task_id"] == "way"
    assert env.step(write)[1] == 0.125


def test_typed_actions(make: Make) -> None:
    """The Dict runs commands, writes, reads and lists files, and submits."""
    env = make(action_mode="typed")
    env.reset()
    assert env.step(typed("run_command", command="echo 你好; false"))[0]["exit_code"] == 1
    env.step(typed("write_file", path="notes/नोट.txt", content="मेरा नोट\n"))
    assert env.step(typed("read_file", path="notes/नोट.txt"))[0]["output"] == "मेरा नोट\n"
    assert env.action == ReadFile("notes/नोट.txt")
    assert env.step(typed("list_files", path="."))[0]["output"] == "notes/\n"
    assert env.step(typed("read_file", path="nowhere"))[4]["action_error"] == "file_not_found"
    assert env.step(typed("submit"))[2]
    assert env.action_space.sample().keys() == {"kind", "command", "path", "content"}
    assert len(KINDS) == 5
    env.reset()
    with pytest.raises(InvalidAction):
        env.step({"kind": 99})


def test_what_a_command_did(make: Make) -> None:
    """Exit code and end are in the observation, the bytes as they were in the info."""
    env = make()
    env.reset()
    observation, _, _, _, info = env.step(act("command", command="echo out; sleep 5", timeout=0.2))
    assert (observation["output"], observation["end"], observation["exit_code"]) == ("out\n", "timed_out", -1)
    assert info["output"] == b"out\n"
    assert info["command_end"]["session_restarted"] is True
    assert "exit_code" not in info["command_end"]


def test_too_much_output_is_marked(make: Make) -> None:
    """Where the middle of the output was left out the text says so; head and tail are whole."""
    env = make()
    env.reset()
    observation, _, _, _, info = env.step(act("command", command="seq 1 100000"))
    ((offset, dropped),) = info["gaps"]
    assert f"\n[… {dropped} bytes left out …]\n" in observation["output"]
    assert observation["output"].startswith("1\n2\n")
    assert observation["output"].endswith("99999\n100000\n")
    assert (len(info["output"]), offset) == (64 * 1024, 64 * 1024 // 5)
    assert info["command_end"]["out_bytes"] == len(info["output"]) + dropped


def test_a_fault_is_raised(make: Make) -> None:
    """A failure of the service is an error with its reason; the next reset goes on."""
    env = make("ungradable")
    env.reset()
    with pytest.raises(EpisodeFaultError, match="no checks") as failure:
        env.step(act("submit"))
    assert failure.value.fault.reason.value == "task_has_no_checks"
    assert env.episode is not None
    assert failure.value.episode_id == env.episode.episode_id
    with pytest.raises(ResetNeeded):
        env.step(echo("late"))
    env.reset()
    assert env.step(echo("on"))[0]["output"] == "on\n"


def test_a_fault_may_truncate(make: Make) -> None:
    """With on_fault="truncate" the episode ends with NaN and a mask, never with 0."""
    env = make("ungradable", on_fault="truncate")
    env.reset()
    _, reward, terminated, truncated, info = env.step(act("submit"))
    assert reward != reward  # noqa: PLR0124 - NaN
    assert (terminated, truncated, info["reward_valid"], info["outcome"]) == (False, True, False, "fault")
    assert info["fault"]["reason"] == "task_has_no_checks"
    with pytest.raises(ResetNeeded):
        env.step(echo("late"))


@pytest.mark.parametrize("on_fault", ["raise", "truncate"])
def test_an_episode_that_is_gone(make: Make, process_address: str, on_fault: str) -> None:
    """An episode that somebody else has ended: the client's typed error, or a truncated episode without a reward."""
    env = make(on_fault=on_fault)
    env.reset()
    assert env.episode is not None
    with Client(process_address) as other:
        episode = other.reset("1")
        episode.episode_id, episode.token = env.episode.episode_id, env.episode.token
        episode.close()
    if on_fault == "raise":
        with pytest.raises(CodecraftError) as failure:
            env.step(echo("on"))
        assert isinstance(failure.value, errors.EpisodeEndedError | errors.EpisodeNotFoundError)
    else:
        observation, reward, _, truncated, info = env.step(echo("on"))
        assert reward != reward  # noqa: PLR0124 - NaN
        assert (truncated, info["reward_valid"]) == (True, False)
        assert observation in env.observation_space
        assert info["fault"]["reason"] in {"episode_ended", "episode_not_found"}


def test_timing_is_apart(make: Make) -> None:
    """What is never the same twice is in info["timing"], and only where it was asked for; the rest is the same again."""
    env = make(timing=True)
    runs = []
    for _ in range(2):
        _, opened = env.reset(seed=1)
        infos = [opened, env.step(echo("a"))[4], env.step(act("submit"))[4]]
        times = [info.pop("timing") for info in infos]
        assert {time["episode_id"] for time in times} == {env.episode.episode_id if env.episode else ""}
        assert all(time["episode_s_left"] <= 600 for time in times)
        runs.append(infos)
    assert runs[0] == runs[1]
    assert "timing" not in make().reset()[1]


def test_importing_the_client_loads_no_gymnasium() -> None:
    """Whoever only wants the client does not pay for Gymnasium and NumPy."""
    program = "import sys, codecraft_client; sys.exit(any(name in sys.modules for name in ('gymnasium', 'numpy')))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", program], env=environment, check=False).returncode == 0


def test_the_id_that_names_its_package() -> None:
    """In a process that has imported nothing the id with the package in it is enough."""
    program = f"import gymnasium; print(gymnasium.make('codecraft_client.gym:{ENV_ID}').unwrapped.spec.id)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=Path("/"))
    assert done.stdout.strip() == ENV_ID
