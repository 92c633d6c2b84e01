"""What `import codecraft_client` costs: what every program pays that uses it."""

import os
import resource
import subprocess
import sys
from pathlib import Path

AGENTS = {"langchain_core", "langchain_openai", "openai", "pydantic", "requests"}
HEAVY = {"codecraft_server", "docker", "gymnasium", "jsonschema", "numpy", "prompt_toolkit", "rich"} | AGENTS
FLOOR = "import grpc, google.protobuf.message"
OURS = "import codecraft_client"
MOST = 3.0  # times the floor, which is about 0.1 s of CPU on a machine of 2026; 1.6 to 1.9 as this is written
ROUNDS = 3


def cpu_s(program: str, kept: Path) -> float:
    """The CPU time of a program in a process of its own; what Python compiles of modules is `kept`, as it is for users."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], env=environment | {"PYTHONPYCACHEPREFIX": str(kept)}, timeout=60, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_it_brings_nothing_heavy() -> None:
    """Neither Gymnasium, nor numpy, nor rich, nor LangChain, nor the Docker library, nor the server comes with it."""
    program = "import sys, codecraft_client; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())
    assert "grpc" in done.stdout.split()


def test_it_costs_little_more_than_grpc(tmp_path: Path) -> None:
    """Most of it is what gRPC and protobuf cost anyway, measured in turn, so that a busy machine slows both."""
    cpu_s(OURS, tmp_path)  # compiles
    rounds = [(cpu_s(FLOOR, tmp_path), cpu_s(OURS, tmp_path)) for _ in range(ROUNDS)]
    floor, ours = (min(costs) for costs in zip(*rounds, strict=True))
    assert ours < MOST * floor, f"{ours:.3f} s, where gRPC and protobuf alone take {floor:.3f} s"
