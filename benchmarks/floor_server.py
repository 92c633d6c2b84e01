"""The gRPC floor: a server of the same contract that does nothing at all. Run as a process of its own, like the real one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio

from codecraft.v1 import environment_pb2 as pb
from codecraft.v1 import environment_pb2_grpc as rpc


class Nothing(rpc.EnvironmentServiceServicer):
    """Answers every step with an empty result at once."""

    async def Step(self, request: pb.StepRequest, context: Any) -> AsyncIterator[pb.StepResponse]:  # noqa: ARG002, N802 - gRPC's signature
        """One terminal event, as a step has when nothing is streamed."""
        yield pb.StepResponse(result=pb.StepResult(step_index=request.step_index))

    async def Rollout(  # type: ignore[override]  # noqa: N802
        self, request_iterator: AsyncIterator[pb.RolloutRequest], context: Any
    ) -> None:
        """One empty result a request."""
        async for request in request_iterator:
            result = pb.StepResult(step_index=request.step.step_index)
            await context.write(pb.RolloutResponse(correlation_id=request.correlation_id, step=result))


async def main() -> None:
    """Serve on a free port of loopback until killed; the first line says where."""
    server = grpc.aio.server()
    rpc.add_EnvironmentServiceServicer_to_server(Nothing(), server)  # type: ignore[abstract] # only these are ever called
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
