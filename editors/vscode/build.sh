#!/usr/bin/env bash
# Packs the extension for VS Code:  build.sh FOLDER     FOLDER/linnet.vsix; npm's packages in FOLDER/npm
# The same sources give the same bytes: what is packed has the date of 1980 that ZIP begins with.
set -euo pipefail
out="$(mkdir -p "$1" && cd "$1" && pwd)"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
npm="$out/npm"
command -v npm >/dev/null || { echo "npm is missing: run cmake/setup.sh targets" >&2; exit 4; }

# As package-lock.json says, once.
if ! cmp -s "$here/package-lock.json" "$npm/installed.json"; then
  mkdir -p "$npm"
  cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$npm/"
  (cd "$npm" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
  cp "$here/package-lock.json" "$npm/installed.json"
fi

stage="$(mktemp -d)"
trap 'rm -rf "$stage"' EXIT
cp -r "$here"/{package.json,README.md,*.js,*-configuration.json,syntaxes,snippets} "$here/../../LICENSE" "$stage/"
cd "$stage"
SOURCE_DATE_EPOCH=315532800 "$npm/node_modules/.bin/vsce" package --no-dependencies \
  --allow-missing-repository --out "$out/linnet.vsix" >"$out/vsce.log" 2>&1 ||
  { cat "$out/vsce.log" >&2; exit 1; }
echo "$out/linnet.vsix"
