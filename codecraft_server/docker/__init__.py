"""The only room that knows Docker: engine, images, volume, containers, warm pool, guest link. Knows nothing of gRPC or episodes."""

from codecraft_server.docker.sandboxes import DockerSandboxes

__all__ = ["DockerSandboxes"]
