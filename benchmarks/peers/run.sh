#!/usr/bin/env bash
# make bench-peers: linnet beside the engines that people use instead; writes docs/benchmarks.md.
# Arguments: the build folder, then options of bench_peers.py. The engines come from PyPI into an
# environment of their own in the build folder (about 2 GB).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build="${1:-build}"
shift || true
work="$build/bench-peers"
here=benchmarks/peers
mkdir -p "$work"
if ! cat "$here"/requirements*.txt | cmp -s - "$work/installed"; then
  echo "bench-peers: installing the engines into $work/venv"
  [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
  pip=("$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check)
  "${pip[@]}" -r "$here/requirements.txt"
  "${pip[@]}" --no-deps -r "$here/requirements-no-deps.txt"  # its program alone; the rest wants PyTorch
  cat "$here"/requirements*.txt >"$work/installed"
fi
export MPLCONFIGDIR="$work/matplotlib"
exec "$work/venv/bin/python" -B "$here/bench_peers.py" --build "$build" --work "$work" "$@"
