#!/usr/bin/env bash
# Builds the page of examples/web and tests it in a headless Chromium.
#   run.sh LINNET FOLDER     the page becomes FOLDER/index.html, pictures of it FOLDER/screenshots
set -euo pipefail
export LINNET="$1" LINNET_PAGE="$2" CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"
cd "$(dirname "${BASH_SOURCE[0]}")"
for tool in node npm "$CHROMIUM"; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run cmake/setup.sh targets" >&2; exit 4; }
done
node ../../examples/web/build.mjs --linnet "$LINNET" --out "$LINNET_PAGE/index.html"
node --test --test-reporter=spec reading_test.mjs page_test.mjs
