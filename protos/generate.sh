#!/bin/sh
# Generates the Python of the contract beside its .proto files. The result is committed; protos/check.sh proves it fresh.
set -eu
cd "$(dirname "$0")"
out=${1:-.}
python=../.venv/bin/python
mkdir -p "$out"
PATH="$(cd ../.venv/bin && pwd):$PATH" "$python" -m grpc_tools.protoc -I . \
    --python_out="$out" --grpc_python_out="$out" --mypy_out="$out" --mypy_grpc_out="$out" codecraft/v1/*.proto
