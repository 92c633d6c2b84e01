#!/bin/sh
# Puts the archive into dist.
set -eu
cd "$(dirname "$0")"
mkdir -p dist
cp greeter.pyz dist/
