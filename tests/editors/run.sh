#!/usr/bin/env bash
# Packs the extension of editors/vscode and tests it, without VS Code.
#   run.sh LINNET FOLDER     FOLDER/linnet.vsix, npm's packages in FOLDER/npm
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
linnet="$(realpath "$1")"
"$root/editors/vscode/build.sh" "$2"
folder="$(realpath "$2")"
export LINNET="$linnet" LINNET_NPM="$folder/npm" LINNET_VSIX="$folder/linnet.vsix"
grammars=("$root"/editors/vscode/syntaxes/*.json)
for file in "$root"/tests/editors/scopes_*.txt; do
  "$LINNET_NPM/node_modules/.bin/vscode-tmgrammar-test" ${grammars[@]/#/-g } "$file"
done
node --test --test-reporter=spec "$root"/tests/editors/*_test.mjs
