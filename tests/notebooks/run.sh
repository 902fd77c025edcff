#!/usr/bin/env bash
# make test-notebooks: executes the notebooks of examples/notebooks and compares what they print.
#   run.sh BUILD [--torch] [arguments of notebooks.py]
# Jupyter's packages come from PyPI into an environment in the build folder (200 MB); --torch adds
# PyTorch (3 GB), without which from_pytorch.ipynb is left out.
set -euo pipefail
build="$(realpath "$1")"
shift
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
lists=("$here/requirements.txt")
work="$build/notebooks"
if [ "${1:-}" = --torch ]; then
  shift
  lists+=("$here/requirements-torch.txt")
  work="$build/notebooks-torch"
fi
mkdir -p "$work"
if ! cat "${lists[@]}" | cmp -s - "$work/installed"; then
  echo "notebooks: installing Jupyter's packages into $work/venv"
  [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "${lists[@]/#/--requirement=}"
  cat "${lists[@]}" >"$work/installed"
fi
exec "$work/venv/bin/python" -B "$here/notebooks.py" --library "$build/liblinnet.so" --command "$build/linnet" "$@"
