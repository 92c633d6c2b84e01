"""What docs/agent-developers.md says to those who bring no client of ours: the calls that it shows by hand, and the table of errors."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from fake_server import fake_server
from google.protobuf import json_format, message_factory
from snippets import snippet, table

from codecraft.v1 import environment_pb2 as pb
from codecraft_client import errors as client_errors
from codecraft_server.wire import status

HOST = "127.0.0.1:50051"


def lines() -> list[list[str]]:
    """The words behind `grpcurl -plaintext` of each line of the page."""
    commands = [shlex.split(line, comments=True) for line in snippet("docs/agent-developers.md", "grpcurl").splitlines()]
    assert all(words[:2] == ["grpcurl", "-plaintext"] for words in commands if words)
    return [words[2:] for words in commands if words]


async def call(channel: grpc.aio.Channel, path: str, content: str) -> list[dict[str, Any]]:
    """Do what grpcurl does with a method and a request in JSON: all answers."""
    service, _, name = path.partition("/")
    method = pb.DESCRIPTOR.services_by_name[service.removeprefix("codecraft.v1.")].methods_by_name[name]
    request = json_format.Parse(content, message_factory.GetMessageClass(method.input_type)())
    read = message_factory.GetMessageClass(method.output_type).FromString
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    answer = kind(f"/{path}", request_serializer=type(request).SerializeToString, response_deserializer=read)(request, timeout=20)
    answers = [each async for each in answer] if method.server_streaming else [await answer]
    return [json_format.MessageToDict(each) for each in answers]


def filled(content: str, known: Mapping[str, str]) -> str:
    """A request with what an earlier answer said in the places of its names."""
    return re.sub(r"\b(ID|TOKEN)\b", lambda name: known[name[0]], content)


async def test_the_calls_by_hand_play_an_episode() -> None:
    """Each is answered; what Reset says goes into those after it, and the last one has a grade."""
    first, *rest = lines()
    assert first == [HOST, "list"]
    known = {"ID": "", "TOKEN": ""}
    async with fake_server() as server, grpc.aio.insecure_channel(server.serving.address) as channel:
        for words in rest:
            *data, host, path = words
            assert host == HOST
            *_, last = await call(channel, path, filled(data[1], known) if data else "{}")
            if "ready" in last:
                known |= {"ID": last["ready"]["episodeId"], "TOKEN": last["ready"]["episodeToken"]}
    assert "grade" in last["result"], json.dumps(last)


@pytest.mark.parametrize("row", table("docs/agent-developers.md", "errors"), ids=lambda row: row[0])
def test_the_table_of_errors_is_true(row: list[str]) -> None:
    """Each class of the client stands for a reason that the server sends with the status beside it."""
    reasons = {kind.__name__: name for name, kind in client_errors.BY_REASON.items()}
    rows = [*status.TABLE.values(), status.INTERNAL]
    for name in re.findall(r"`(\w+)`", row[0]):
        (code,) = (each.code for each in rows if status.ErrorReason.Name(each.reason) == f"ERROR_REASON_{reasons[name]}")
        assert code.name == row[1]
