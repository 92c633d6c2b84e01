"""A model writes one action a turn, in the text dialect. Set OPENAI_BASE_URL, OPENAI_MODEL and, where wanted, OPENAI_API_KEY."""

import json
import os
import time
import urllib.request

from codecraft_client import Client, Episode, StepResult
from codecraft_client.errors import NoCapacityError

RULES = """You solve a task in a sandbox. Reply with one JSON object and nothing else, one of
{"action": "command", "command": "ls"}
{"action": "write_file", "path": "a.py", "content": "print(1)"}
{"action": "read_file", "path": "a.py"}
{"action": "submit"}"""


def ask(messages: list[dict[str, str]]) -> str:
    """What the model says next."""
    body = json.dumps({"model": os.environ["OPENAI_MODEL"], "messages": messages}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}"}
    request = urllib.request.Request(f"{os.environ['OPENAI_BASE_URL']}/chat/completions", body, headers)
    with urllib.request.urlopen(request, timeout=300) as response:
        return json.load(response)["choices"][0]["message"]["content"] or ""


def opened(client: Client, task_id: str) -> Episode:
    """An episode, waited for where the server is full."""
    while True:
        try:
            return client.reset(task_id)
        except NoCapacityError as full:
            time.sleep(full.retry_after_s or 1)


def seen(result: StepResult) -> str:
    """What the model gets to read of a step."""
    observation = result.observation
    end = f"[{observation.command_end.reason.value}, exit code {observation.command_end.exit_code}]" if observation.command_end else ""
    read = observation.file.data.decode(errors="replace") if observation.file else ""
    parts = (observation.message, observation.text, read, end, f"[{observation.budget.steps_left} steps left]")
    return "\n".join(part for part in parts if part)


with Client("127.0.0.1:50051") as client, opened(client, "1") as episode:
    messages = [{"role": "system", "content": RULES}, {"role": "user", "content": episode.observation.message}]
    rewards, done = 0.0, False
    while not done:
        said = ask(messages)
        result = episode.act(said)
        if result.fault:
            raise SystemExit(f"the service failed, so there is no reward: {result.fault.message}")
        rewards, done = rewards + (result.reward.value or 0.0), result.done
        messages += [{"role": "assistant", "content": said}, {"role": "user", "content": seen(result)}]
        print(">", said, seen(result), sep="\n")
    print(result.outcome, "return", rewards)
