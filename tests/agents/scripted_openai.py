"""An OpenAI-compatible server on loopback. What it replies is decided by a player from the conversation it was really sent.

As strict as the real one about what a conversation must look like, and able to fail in all the ways that endpoints fail.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Turn: TypeAlias = str | list[tuple[str, str]]
"""What a model replies: words, or tool calls as (name, arguments)."""
Player: TypeAlias = Callable[["Talk"], Turn]
SOON_S = 30


@dataclass(frozen=True)
class Result:
    """A tool call that was carried out, and what the model was told of it."""

    name: str
    arguments: str
    text: str

    @property
    def given(self) -> dict[str, Any]:
        """The arguments, of calls that had some."""
        given: dict[str, Any] = json.loads(self.arguments)
        return given


@dataclass(frozen=True)
class Talk:
    """A conversation as it was sent."""

    messages: Sequence[dict[str, Any]]

    @property
    def task(self) -> str:
        """What the model was asked to do."""
        text: str = next(message["content"] for message in self.messages if message["role"] == "user")
        return text

    @property
    def results(self) -> list[Result]:
        """All calls with their results."""
        told = {message["tool_call_id"]: message["content"] for message in self.messages if message["role"] == "tool"}
        calls = [call for message in self.messages for call in message.get("tool_calls") or ()]
        return [Result(call["function"]["name"], call["function"]["arguments"], told[call["id"]]) for call in calls]


@dataclass(frozen=True)
class Failing:
    """How one request fails: an HTTP status with headers and a body; `hang`: no answer at all; `cut`: the body ends too early."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    hang: bool = False
    cut: bool = False


def error(status: int, message: str, code: str = "", **headers: str) -> Failing:
    """An error as OpenAI words it."""
    body = json.dumps({"error": {"message": message, "code": code or None}}).encode()
    return Failing(status, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@dataclass
class ScriptedOpenAI:
    """The server.

    Attributes:
        player: What replies.
        failures: How the next requests fail, in order.
        usage: Whether tokens are reported.
        key: What must be sent; empty: anything.
        tools: How many must be offered to the model.
        talks: All conversations that were answered.
        held: While set to an event, replies wait for it.
    """

    player: Player
    failures: deque[Failing] = field(default_factory=deque)
    usage: bool = True
    key: str = ""
    tools: int = 5
    talks: list[Talk] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    base_url: str = ""
    calls: int = 0

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A chat completion."""
        talk = Talk(body["messages"])
        turn = self.player(talk)
        with self.lock:
            self.bodies.append(body)
            self.talks.append(talk)
            self.calls += 1
            number = self.calls
        message: dict[str, Any] = {"role": "assistant", "content": turn if isinstance(turn, str) else None}
        if not isinstance(turn, str):
            message["tool_calls"] = [
                {"id": f"call_{number}_{place}", "type": "function", "function": {"name": name, "arguments": arguments}}
                for place, (name, arguments) in enumerate(turn)
            ]
        choice = {"index": 0, "message": message, "finish_reason": "stop" if isinstance(turn, str) else "tool_calls"}
        answer = {"id": f"chat-{number}", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        if self.usage:
            answer["usage"] = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        return answer

    def next_failure(self) -> Failing | None:
        """How this request fails."""
        with self.lock:
            return self.failures.popleft() if self.failures else None


def wrong_with(body: dict[str, Any], tools: int) -> str:
    """What the real server would refuse, or nothing."""
    if not body.get("model") or not isinstance(body.get("messages"), list):
        return "model and messages are required"
    if [tool["type"] for tool in body.get("tools", ())] != ["function"] * tools:
        return "tools are wrong"
    waiting: list[str] = []
    for message in body["messages"]:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return "a tool message must answer a tool call"
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return f"tool calls were not answered: {waiting}"
        calls = message.get("tool_calls") or ()
        if not all(isinstance(call["function"]["arguments"], str) for call in calls):
            return "arguments must be a string"
        waiting = [call["id"] for call in calls]
    return f"tool calls were not answered: {waiting}" if waiting else ""


def handler(server: ScriptedOpenAI) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            failing = server.next_failure()
            if self.path != "/v1/chat/completions":
                failing = error(404, "no such path")
            elif server.key and self.headers["Authorization"] != f"Bearer {server.key}":
                failing = error(401, "Incorrect API key provided", "invalid_api_key")
            elif problem := wrong_with(body, server.tools):
                failing = error(400, problem)
            self._send(failing or Failing(body=json.dumps(server.answer(body)).encode()))

        def _send(self, failing: Failing) -> None:
            if failing.hang:
                server.released.wait(SOON_S)
                self.close_connection = True
                return
            self.send_response(failing.status)
            for name, value in failing.headers:
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(failing.body) + (10 if failing.cut else 0)))
            self.end_headers()
            self.wfile.write(failing.body)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that is gone is part of the tests."""


@contextmanager
def scripted_openai(player: Player, **how: Any) -> Iterator[ScriptedOpenAI]:
    """Serve on a free port; `base_url` has the address."""
    server = ScriptedOpenAI(player, **how)
    with _Quiet(("127.0.0.1", 0), handler(server)) as listening:
        server.base_url = f"http://127.0.0.1:{listening.server_port}/v1"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            listening.shutdown()
            thread.join(SOON_S)
