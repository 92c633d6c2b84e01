# ruff: noqa: N802, D102, ARG002 - names and signatures are those of the generated servicer
"""A codecraft server for tests of the client: real gRPC on a real socket, no sandboxes; commands print what their line says."""

import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import dataclass, field

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from codecraft.v1 import control_pb2 as ctl
from codecraft.v1 import environment_pb2 as env
from codecraft.v1 import types_pb2 as pb
from codecraft.v1.control_pb2_grpc import ControlServiceServicer, add_ControlServiceServicer_to_server
from codecraft.v1.environment_pb2_grpc import EnvironmentServiceServicer, add_EnvironmentServiceServicer_to_server

PIECE = 1000


def refusal(
    code: int, reason: str, message: str = "refused", *, retry_s: int = 0, violations: tuple[str, ...] = (), **metadata: str
) -> grpc.Status:
    """A status as a codecraft server sends it."""
    packed = [Any()]
    packed[0].Pack(error_details_pb2.ErrorInfo(domain="codecraft.v1", reason=reason, metadata=metadata))
    if retry_s:
        packed.append(Any())
        packed[-1].Pack(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=retry_s)))
    if violations:
        packed.append(Any())
        fields = [error_details_pb2.BadRequest.FieldViolation(field=name, description="is wrong") for name in violations]
        packed[-1].Pack(error_details_pb2.BadRequest(field_violations=fields))
    return rpc_status.to_status(status_pb2.Status(code=code, message=message, details=packed))


def printed(size: int) -> bytes:
    """What the command `print SIZE` prints: never the same at two places."""
    return b"".join(b"%08d\n" % line for line in range(size // 9 + 1))[:size]


@dataclass
class Script:
    """What the service shall do, and what it has seen."""

    protocol_version: int = 1
    token: str = ""
    break_after: list[int] = field(default_factory=list)  # events after which the next step streams break, in order
    refuse: dict[str, grpc.Status] = field(default_factory=dict)  # method: what it answers, for ever
    refuse_once: dict[str, list[grpc.Status]] = field(default_factory=dict)
    kept_from: int = 0  # first byte of output that Resume still has
    withdraw: grpc.Status | None = None  # how the next step ends after its first event, as if it had never been
    end_early: bool = False  # streams end well, but without a result
    calls: list[str] = field(default_factory=list)
    resets: list[env.ResetRequest] = field(default_factory=list)
    ran: list[bytes] = field(default_factory=list)  # commands that were really taken up
    stdin: bytearray = field(default_factory=bytearray)
    release: threading.Event = field(default_factory=threading.Event)  # `wait` commands end when it is set
    closed: threading.Event = field(default_factory=threading.Event)


def break_where_told(script: Script, context: grpc.ServicerContext) -> None:
    """Break the stream where the script says so: counted down by each event."""
    if not script.break_after:
        return
    script.break_after[0] -= 1
    if script.break_after[0] < 0:
        script.break_after.pop(0)
        context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")


class ScriptedService(EnvironmentServiceServicer):
    """One episode at a time (a new Reset ends the last one), by the contract as far as the client can tell."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.steps: list[pb.Action] = []
        self.resets: dict[str, str] = {}

    def _called(self, method: str, context: grpc.ServicerContext) -> None:
        self.script.calls.append(method)
        if self.script.token and ("authorization", f"Bearer {self.script.token}") not in context.invocation_metadata():
            context.abort_with_status(refusal(code_pb2.UNAUTHENTICATED, "WRONG_SERVICE_TOKEN"))
        if once := self.script.refuse_once.get(method):
            context.abort_with_status(once.pop(0))
        if method in self.script.refuse:
            context.abort_with_status(self.script.refuse[method])

    def GetServerInfo(self, request: env.GetServerInfoRequest, context: grpc.ServicerContext) -> env.GetServerInfoResponse:
        self._called("GetServerInfo", context)
        return env.GetServerInfoResponse(server_version="9", protocol_version=self.script.protocol_version, worker="w", task_count=3)

    def ListTasks(self, request: env.ListTasksRequest, context: grpc.ServicerContext) -> env.ListTasksResponse:
        self._called("ListTasks", context)
        at = int(request.page_token or "0")
        return env.ListTasksResponse(
            tasks=[pb.Task(task_id=str(at + 1), category=request.category)], next_page_token=str(at + 1) if at < 2 else ""
        )

    def GetTask(self, request: env.GetTaskRequest, context: grpc.ServicerContext) -> env.GetTaskResponse:
        self._called("GetTask", context)
        return env.GetTaskResponse(task=pb.Task(task_id=request.task_id))

    def Reset(self, request: env.ResetRequest, context: grpc.ServicerContext) -> Iterator[env.ResetResponse]:
        self._called("Reset", context)
        self.script.resets.append(request)
        yield env.ResetResponse(progress=env.Progress(queued=env.Queued(position=1)))
        self._break(context)
        if self.script.end_early:
            return
        if request.request_id not in self.resets:
            self.steps = []
        episode = self.resets.setdefault(request.request_id, f"w-{len(self.resets)}")
        ready = env.Ready(episode_id=episode, episode_token="secret")
        if request.WhichOneof("start") == "task_id":
            ready.task.CopyFrom(pb.Task(task_id=request.task_id, limits=pb.Limits(command_time=Duration(seconds=5))))
        yield env.ResetResponse(ready=ready)

    def Step(self, request: env.StepRequest, context: grpc.ServicerContext) -> Iterator[env.StepResponse]:
        self._called("Step", context)
        if request.step_index == len(self.steps):
            self.steps.append(request.action)
            self.script.ran.append(request.action.run_command.command or request.action.text.encode())
        elif request.step_index > len(self.steps):
            context.abort_with_status(refusal(code_pb2.FAILED_PRECONDITION, "STEP_OUT_OF_ORDER", expected=str(len(self.steps))))
        elif self.steps[request.step_index] != request.action:
            context.abort_with_status(refusal(code_pb2.ALREADY_EXISTS, "STEP_CONFLICT"))
        yield from self._events(request.step_index, 0, context, stream=request.stream_output)

    def Resume(self, request: env.ResumeRequest, context: grpc.ServicerContext) -> Iterator[env.ResumeResponse]:
        self._called("Resume", context)
        kept = self.script.kept_from
        if request.out_offset < kept:
            status = refusal(code_pb2.OUT_OF_RANGE, "OUTPUT_NOT_KEPT", stream="out", offset="0", first_kept_offset=str(kept))
            context.abort_with_status(status)
        for event in self._events(request.step_index, request.out_offset, context, stream=True):
            yield env.ResumeResponse(event=event)

    def _events(self, index: int, offset: int, context: grpc.ServicerContext, *, stream: bool) -> Iterator[env.StepResponse]:
        command = self.steps[index].run_command.command.split()
        output = printed(int(command[1])) if command[:1] == [b"print"] else b""
        if stream:
            yield env.StepResponse(started=env.Started(step_index=index))
            self._withdraw(context)
            self._break(context)
            while offset < len(output):
                yield env.StepResponse(output=pb.Output(stream=pb.OUTPUT_STREAM_OUT, offset=offset, data=output[offset : offset + PIECE]))
                offset += PIECE
                self._break(context)
        if command[:1] == [b"wait"]:
            self.script.release.wait(30)
        if self.script.end_early:
            return
        end = pb.CommandEnd(reason=pb.END_REASON_EXITED, exit_code=0, out_bytes=len(output))
        observation = pb.Observation(command_end=end, output=b"" if stream else output, budget=pb.Budget(steps_taken=index + 1))
        yield env.StepResponse(result=env.StepResult(step_index=index, observation=observation, reward=pb.Reward(valid=True, value=0)))

    def _withdraw(self, context: grpc.ServicerContext) -> None:
        status, self.script.withdraw = self.script.withdraw, None
        if status is not None:
            self.steps.pop()
            context.abort_with_status(status)

    def _break(self, context: grpc.ServicerContext) -> None:
        break_where_told(self.script, context)

    def Interrupt(self, request: env.InterruptRequest, context: grpc.ServicerContext) -> env.InterruptResponse:
        self._called("Interrupt", context)
        self.script.release.set()
        return env.InterruptResponse()

    def WriteStdin(self, request: env.WriteStdinRequest, context: grpc.ServicerContext) -> env.WriteStdinResponse:
        self._called("WriteStdin", context)
        new = request.data[len(self.script.stdin) - request.offset :]
        self.script.stdin += new
        if request.end_of_file:
            self.script.release.set()
        return env.WriteStdinResponse(accepted_offset=len(self.script.stdin))

    def GetEpisode(self, request: env.GetEpisodeRequest, context: grpc.ServicerContext) -> env.GetEpisodeResponse:
        self._called("GetEpisode", context)
        return env.GetEpisodeResponse(state=env.EPISODE_STATE_READY, next_step_index=len(self.steps))

    def Submit(self, request: env.SubmitRequest, context: grpc.ServicerContext) -> Iterator[env.SubmitResponse]:
        self._called("Submit", context)
        for phase in (env.GRADING_PHASE_FREEZING, env.GRADING_PHASE_CHECKING):
            yield env.SubmitResponse(phase=env.Phase(phase=phase, checks=1))
            self._break(context)
        yield env.SubmitResponse(check=pb.CheckResult(check_id="c", passed=True, weight=1))
        if self.script.end_early:
            return
        reward = pb.Reward(valid=True, value=1)
        yield env.SubmitResponse(result=env.SubmitResult(reward=reward, terminated=True, outcome=pb.OUTCOME_PASSED))

    def Rollout(self, request_iterator: Iterator[env.RolloutRequest], context: grpc.ServicerContext) -> Iterator[env.RolloutResponse]:
        self._called("Rollout", context)
        for request in request_iterator:
            kind = request.WhichOneof("request") or ""
            response = env.RolloutResponse(correlation_id=request.correlation_id)
            if kind == "reset":
                response.ready.CopyFrom([*self.Reset(request.reset, context)][-1].ready)
            elif kind == "step":
                response.step.CopyFrom([*self.Step(request.step, context)][-1].result)
            elif kind == "submit":
                response.submit.CopyFrom([*self.Submit(request.submit, context)][-1].result)
            elif kind == "close":
                response.close.CopyFrom(self.Close(request.close, context))
            else:
                response.episode.CopyFrom(self.GetEpisode(request.get_episode, context))
            yield response

    def Close(self, request: env.CloseRequest, context: grpc.ServicerContext) -> env.CloseResponse:
        self._called("Close", context)
        self.script.closed.set()
        return env.CloseResponse(outcome=pb.OUTCOME_CLOSED)


class ScriptedControl(ControlServiceServicer):
    """What a trainer may do, as far as the client can tell."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._called = ScriptedService(script)._called

    def ListEpisodes(self, request: ctl.ListEpisodesRequest, context: grpc.ServicerContext) -> ctl.ListEpisodesResponse:
        self._called("ListEpisodes", context)
        at = int(request.page_token or "0")
        return ctl.ListEpisodesResponse(episodes=[ctl.EpisodeSummary(episode_id=f"w-{at}")], next_page_token=str(at + 1) if at < 2 else "")

    def Prewarm(self, request: ctl.PrewarmRequest, context: grpc.ServicerContext) -> ctl.PrewarmResponse:
        self._called("Prewarm", context)
        return ctl.PrewarmResponse(ready=request.sandboxes - 1)

    def ListTaskStatistics(self, request: ctl.ListTaskStatisticsRequest, context: grpc.ServicerContext) -> ctl.ListTaskStatisticsResponse:
        self._called("ListTaskStatistics", context)
        at = int(request.page_token or "0")
        one = ctl.TaskStatistics(task_id=str(at + 1), started=7 if request.trainer else 12)
        if at == 0:
            one.mean_score, one.recent_pass_rate, one.recent_episodes = 0.5, 0.25, 4
        return ctl.ListTaskStatisticsResponse(tasks=[one], next_page_token=str(at + 1) if at < 2 else "")

    def Regrade(self, request: ctl.RegradeRequest, context: grpc.ServicerContext) -> Iterator[ctl.RegradeResponse]:
        self._called("Regrade", context)
        for phase in (env.GRADING_PHASE_FREEZING, env.GRADING_PHASE_CHECKING):
            yield ctl.RegradeResponse(phase=env.Phase(phase=phase, checks=1))
            break_where_told(self.script, context)
        yield ctl.RegradeResponse(check=pb.CheckResult(check_id="c", passed=True, weight=1))
        if self.script.end_early:
            return
        result = ctl.RegradeResult(grade=pb.Grade(score=1, passed=True), previous_grade=pb.Grade(score=0.5), task_digest=request.episode_id)
        yield ctl.RegradeResponse(result=result)


def serve(script: Script) -> tuple[grpc.Server, str]:
    """Serve on a free port of loopback; the caller stops it. Each open stream occupies a thread; there are enough."""
    server = grpc.server(futures.ThreadPoolExecutor(64), options=[("grpc.so_reuseport", 0)])
    add_EnvironmentServiceServicer_to_server(ScriptedService(script), server)
    add_ControlServiceServicer_to_server(ScriptedControl(script), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"
