#!/bin/sh
# Checks the guest: gofmt, go vet for both architectures, go test. Needs what build.sh needs; some tests need root and skip without.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
gofmt=$(./build.sh go env GOROOT)/bin/gofmt
[ -x "$gofmt" ] || gofmt=gofmt
echo "guest: gofmt"
unformatted=$("$gofmt" -l .)
if [ -n "$unformatted" ]; then
    echo "not formatted: $unformatted" >&2
    exit 1
fi
for arch in amd64 arm64; do
    echo "guest: go vet for $arch"
    GOOS=linux GOARCH=$arch ./build.sh go vet ./...
done
echo "guest: go test"
./build.sh go test "$@" ./...
