#!/usr/bin/env bash
# Packs the extension for VS Code:  build.sh FOLDER     FOLDER/linnet.vsix; npm's packages in FOLDER/npm
# The same sources give the same bytes: what is packed has the date of 1980 that ZIP begins with.
set -euo pipefail
out="$(mkdir -p "$1" && cd "$1" && pwd)"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
npm="$out/npm"

"$here/../../cmake/npm.sh" "$here" "$npm"

stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT
cp -r "$here"/{package.json,README.md,*.js,*-configuration.json,syntaxes,snippets} "$here/../../LICENSE" "$stage/"
cd "$stage"
SOURCE_DATE_EPOCH=315532800 "$npm/node_modules/.bin/vsce" package --no-dependencies \
  --allow-missing-repository --out "$out/linnet.vsix" >"$out/vsce.log" 2>&1 ||
  { cat "$out/vsce.log" >&2; exit 1; }
echo "$out/linnet.vsix"
