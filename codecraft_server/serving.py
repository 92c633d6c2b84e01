"""A gRPC server with our services on it, from its port to its end. Owns the order in which things start and stop.

Given sandboxes, whichever they are, it knows neither Docker nor how settings were come by; `app` does.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc

from codecraft.v1 import control_pb2, control_pb2_grpc, environment_pb2, environment_pb2_grpc
from codecraft_server import __version__
from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import Episodes, Grader
from codecraft_server.errors import ConfigurationError
from codecraft_server.sandbox import Sandboxes
from codecraft_server.service import CallInterceptor, Control, Environment
from codecraft_server.settings import RpcSettings, Settings
from codecraft_server.wire.tasks import Terms, check_size
from codecraft_server.wire.views import ServerFacts

ENVIRONMENT = environment_pb2.DESCRIPTOR.services_by_name["EnvironmentService"].full_name
CONTROL = control_pb2.DESCRIPTOR.services_by_name["ControlService"].full_name
_HEALTH_NAMES = ("", ENVIRONMENT, CONTROL)
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers. `address` is HOST:PORT as clients write it."""

    address: str
    episodes: Episodes
    _server: grpc.aio.Server
    _environment: Environment
    _health: health.aio.HealthServicer
    _settings: Settings
    _terms: Terms

    def replace_curriculum(self, curriculum: Curriculum) -> None:
        """Have another curriculum from now on; open episodes keep their tasks. CurriculumError, and then the old one stays."""
        _check_sizes(curriculum, self._terms)
        self.episodes.replace_curriculum(curriculum)

    async def drain(self, hurry: asyncio.Event) -> None:
        """Refuse what is new, let running steps end within `drain_s` or until `hurry` is set, then stop answering."""
        await self._health.enter_graceful_shutdown()
        draining = asyncio.create_task(self.episodes.drain(self._settings.episodes.drain_s))
        hurried = asyncio.create_task(hurry.wait())
        try:
            await asyncio.wait({draining, hurried}, return_when=asyncio.FIRST_COMPLETED)
            if not draining.done():
                draining.cancel()
                await asyncio.wait({draining})
                await self.episodes.drain(0.0)
            elif not draining.cancelled():
                draining.result()
        finally:
            hurried.cancel()
            draining.cancel()
        self._environment.end_rollouts()  # else they would be waited for, and then broken off
        await self._server.stop(0.0 if hurry.is_set() else self._settings.rpc.stop_grace_s)


async def _nothing() -> None:
    pass


@contextlib.asynccontextmanager
async def serving(
    settings: Settings,
    sandboxes: Sandboxes,
    curriculum: Curriculum,
    grader: Grader,
    *,
    worker: str,
    prepare: Callable[[], Awaitable[None]] = _nothing,
) -> AsyncIterator[Serving]:
    """Serve until left: then the server stops, the episodes close and every sandbox is gone, in this order.

    Args:
        settings: Where and within which bounds.
        sandboxes: Not entered yet.
        curriculum: What may be played.
        grader: By what it is judged.
        worker: Name that ids of episodes start with.
        prepare: What has to be done once the port is ours and before sandboxes are opened.

    Raises:
        ConfigurationError: The address can't be served on, or a task can't be told in a message.
        EngineUnavailableError: From the sandboxes.
    """
    server = _new_server(settings)
    address = await _bind(server, settings)
    try:
        await prepare()
        async with sandboxes:
            provided = await sandboxes.provided()
            terms = Terms(settings.episodes.output_max_bytes, provided.writable_rootfs_bounded)
            _check_sizes(curriculum, terms)
            facts = ServerFacts(
                version=__version__,
                worker=worker,
                provided=provided,
                root_user=settings.sandbox.allow_root,
                bounds=settings.episodes,
                grading=settings.grading,
            )
            async with Episodes(sandboxes, curriculum, grader, settings, worker) as episodes:
                environment = Environment(episodes, facts, terms, settings.rpc.rollout_in_flight)
                services = cast("grpc.aio.Server", _Services(server))
                environment_pb2_grpc.add_EnvironmentServiceServicer_to_server(environment, services)
                control_pb2_grpc.add_ControlServiceServicer_to_server(Control(episodes, settings.sandbox.max_warm), services)
                checks = await _add_standard_services(services)
                await server.start()
                for name in _HEALTH_NAMES:
                    await checks.set(name, _SERVING)
                try:
                    yield Serving(address, episodes, server, environment, checks, settings, terms)
                finally:
                    await server.stop(0.0)
    finally:
        await server.stop(0.0)


def _check_sizes(curriculum: Curriculum, terms: Terms) -> None:
    for task in curriculum.tasks.values():
        check_size(task, terms)


def _new_server(settings: Settings) -> grpc.aio.Server:
    tokens = {ENVIRONMENT: settings.agent_token, CONTROL: settings.control_token}
    return grpc.aio.server(
        interceptors=[CallInterceptor(tokens)],
        options=_options(settings.rpc),
        maximum_concurrent_rpcs=settings.rpc.max_calls,
    )


def _options(bounds: RpcSettings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # two servers on one port would each get half of the calls
        ("grpc.max_receive_message_length", bounds.max_request_bytes),
        ("grpc.max_send_message_length", bounds.max_response_bytes),
        ("grpc.max_concurrent_streams", bounds.max_streams),
        # Without these three a burst of some hundred calls, well within our bounds, is refused in part and without a word of ours.
        ("grpc.server.max_pending_requests", bounds.max_calls),
        ("grpc.server.max_pending_requests_hard_limit", bounds.max_calls),
        ("grpc.http.overload_protection", 0),
        ("grpc.keepalive_time_ms", round(1000 * bounds.keepalive_s)),
        ("grpc.keepalive_timeout_ms", round(1000 * bounds.keepalive_timeout_s)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", round(1000 * bounds.min_client_ping_s)),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", round(1000 * bounds.min_client_ping_s)),
    ]


async def _bind(server: grpc.aio.Server, settings: Settings) -> str:
    """Take the port, so that one in use is known before anything else is done."""
    _refuse_remote(settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        await _try_port(settings.host, settings.port)
        port = server.add_insecure_port(f"{host}:{settings.port}")
    except (OSError, RuntimeError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or "the port was taken just now"
        raise ConfigurationError(
            f"can't listen on {host}:{settings.port}: {reason}; free it, or choose another one (--listen 127.0.0.1:0 takes any free one)"
        ) from None
    return f"{host}:{port}"


async def _try_port(host: str, port: int) -> None:
    """Find out what the system says to an address, for gRPC keeps that to itself. OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _refuse_remote(settings: Settings) -> None:
    if not settings.allow_remote and not is_loopback(settings.host):
        raise ConfigurationError(
            f"{settings.host} can be reached from other machines, and whoever reaches this server may run programs on this one; "
            "listen on 127.0.0.1, or say --allow-remote (with --agent-token-file and --control-token-file)"
        )


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # any other name may resolve to anything


class _Services:
    """Where generated code registers services: as a whole, so that gRPC finds a call's method by its name.

    Generated code would have it told of each method by itself, too. For each of those gRPC's server on asyncio begins anew to wait with
    every call, whichever that is for: with our twenty methods a tenth of a millisecond (grpcio 1.85, `_server_main_loop`).
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, generic_rpc_handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Have these asked for a call's method."""
        self._server.add_generic_rpc_handlers(generic_rpc_handlers)

    def add_registered_method_handlers(self, service_name: str, method_handlers: Mapping[str, Any]) -> None:
        """The same methods, which are known already."""


async def _add_standard_services(server: grpc.aio.Server) -> health.aio.HealthServicer:
    checks = health.aio.HealthServicer()
    for name in _HEALTH_NAMES:
        await checks.set(name, _NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    # Not by `enable_server_reflection`: it takes what it does not know for a server of threads, and then each stream occupies one of ours.
    served = reflection.aio.ReflectionServicer((ENVIRONMENT, CONTROL, health.SERVICE_NAME, reflection.SERVICE_NAME))
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(served, server)  # type: ignore[no-untyped-call]
    return checks
