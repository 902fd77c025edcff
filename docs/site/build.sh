#!/usr/bin/env bash
# Builds the site: docs/*.md, the READMEs and the Python package's docstrings become HTML that opens
# from a folder, search included, and asks no host for anything. Any warning or broken link is an error.
# Reports of LeNet, a GRU and ResNet-18 stand beside the pages that name them as `reports/NAME.html`.
#   build.sh [OUT]     build/docs; its packages are in build/docs-venv, which this makes once; the
#                      reports are written by linnet beside OUT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out="${1:-build/docs}"; venv="$(dirname "$out")/docs-venv" requirements=docs/site/requirements.txt
export SOURCE_DATE_EPOCH=0 PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1  # the same bytes on every run

if ! cmp -s "$requirements" "$venv/installed.txt"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$requirements"
  cp "$requirements" "$venv/installed.txt"
fi

new="$out.new"
rm -rf "$new"
trap 'rm -rf "$new"' EXIT
"$venv/bin/python" -m sphinx -W --keep-going -E -a -q -c docs/site -d "$venv/doctrees" . "$new"
rm -rf "$new/.buildinfo" "$new/objects.inv"
cp "$new/README.html" "$new/index.html"
docs/site/reports.py "$(dirname "$out")/linnet" "$new/docs/reports"
"$venv/bin/python" docs/site/check_links.py "$new"
rm -rf "$out"
mv "$new" "$out"
sum="$(cd "$out" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)"
echo "$out/index.html: $(find "$out" -name '*.html' | wc -l) pages, $(du -sk "$out" | cut -f1) kB, sha256 of all files ${sum%% *}"
