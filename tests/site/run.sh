#!/usr/bin/env bash
# Builds the site of `make docs` twice, which must give the same bytes, and walks through it in a
# headless Chromium.
#   run.sh FOLDER     the site becomes FOLDER/docs, pictures of it FOLDER/docs-test/screenshots
set -euo pipefail
folder="$1" work="$1/docs-test"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export LINNET_PAGE="$work" LINNET_SITE="$folder/docs" CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"
for tool in node npm "$CHROMIUM"; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: run cmake/setup.sh targets" >&2; exit 4; }
done
docs/site/check_links.py --self-test
docs/site/build.sh "$folder/docs"
docs/site/build.sh "$folder/docs-again"
diff -r "$folder/docs" "$folder/docs-again"
rm -rf "$folder/docs-again"

lock=examples/web/package-lock.json  # puppeteer-core, as for the page of examples/web
if ! cmp -s "$lock" "$work/npm/installed.json"; then
  mkdir -p "$work/npm"
  cp examples/web/package.json "$lock" "$work/npm"
  (cd "$work/npm" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
  cp "$lock" "$work/npm/installed.json"
fi
node --test --test-reporter=spec tests/site/site_test.mjs
