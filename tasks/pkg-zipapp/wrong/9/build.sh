#!/bin/sh
# Builds dist/greeter.pyz from the package.
set -eu
cd "$(dirname "$0")"
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir -p dist "$room/app"
cp -R greeter "$room/app/"
find "$room/app" -name __pycache__ -prune -exec rm -rf {} +
printf 'import sys\nfrom greeter.__main__ import main\n\nsys.exit(main())\n' > "$room/app/__main__.py"
python3 -m zipapp "$room/app" -p "/usr/bin/python3" -o dist/greeter.pyz
