#!/usr/bin/env bash
# Makes orch.vsix: the extension as a file that VS Code installs.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --ignore-scripts
node build.mjs
cat ../../LICENSE-MIT ../../LICENSE-APACHE > LICENSE
./node_modules/.bin/vsce package --no-dependencies --allow-missing-repository --skip-license --out orch.vsix
