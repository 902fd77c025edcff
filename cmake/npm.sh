#!/usr/bin/env bash
# Installs npm's packages into FOLDER as SOURCE/package-lock.json says, once.
#   npm.sh SOURCE FOLDER
set -euo pipefail
source="$1" folder="$2"
command -v npm >/dev/null || { echo "npm is missing: run cmake/setup.sh targets" >&2; exit 4; }
cmp -s "$source/package-lock.json" "$folder/installed.json" && exit 0
mkdir -p "$folder"
for file in package.json package-lock.json .npmrc; do
  [[ ! -e $source/$file ]] || cp "$source/$file" "$folder/"
done
(cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >&2)
cp "$source/package-lock.json" "$folder/installed.json"
