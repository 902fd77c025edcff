#!/usr/bin/env bash
# Builds the page of the reports again, compares it with the one that is checked in, and tests it in a
# headless Chromium.
#   run.sh LINNET FOLDER     npm's packages and the reports of the tests go to FOLDER
set -euo pipefail
export LINNET="$1" LINNET_REPORTS="$2" CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"
cd "$(dirname "${BASH_SOURCE[0]}")"
for tool in node npm "$CHROMIUM"; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run cmake/setup.sh targets" >&2; exit 4; }
done
node ../build.mjs --check-types --npm "$LINNET_REPORTS/npm" --out "$LINNET_REPORTS/page.html"
# One after the other: they write their reports to the same folder.
node --test --test-concurrency=1 --test-reporter=spec page_test.mjs linnet_test.mjs pictures_test.mjs
