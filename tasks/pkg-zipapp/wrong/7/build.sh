#!/bin/sh
# Builds dist/greeter.pyz.
set -eu
cd "$(dirname "$0")"
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir -p dist "$room/app"
cp -R ./* "$room/app/"
rm -rf "$room/app/dist" "$room/app/build.sh"
find "$room/app" -name __pycache__ -prune -exec rm -rf {} +
printf 'import sys\nfrom greeter.__main__ import main\n\nsys.exit(main())\n' > "$room/app/__main__.py"
python3 -m zipapp "$room/app" -p "/usr/bin/env python3" -o dist/greeter.pyz
