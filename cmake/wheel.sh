#!/usr/bin/env bash
# The Python wheel, from what it compiles in build-wheel: a path is printed at the end.
#   wheel.sh [OUT]                 OUT is build/dist unless given
#   LINNET_WHEEL_BUILD=DIR         another folder than build-wheel
# Whatever the folder, the time and the user, the same sources make the same bytes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
out="${1:-build/dist}"
folder="${LINNET_WHEEL_BUILD:-build-wheel}"
tools="$PWD/build-wheel-tools/bin"
PATH="$tools:$PATH"  # auditwheel calls patchelf
source cmake/release.sh
# As `make build` calls it, so that one compiler cache serves both.
export CC="${CC:-cc}" CXX="${CXX:-c++}"
export CMAKE_BUILD_PARALLEL_LEVEL="${JOBS:-$(nproc)}"

mkdir -p "$folder" "$out"
rm -rf "$folder/wheel"
"$tools/python" -m build --wheel --no-isolation --outdir "$folder/wheel" \
  -C build-dir="$folder" -C cmake.define.LINNET_VENV="$(realpath "${LINNET_VENV:-.venv}")" \
  >"$folder/wheel.log" 2>&1 || { tail -n 40 "$folder/wheel.log" >&2; exit 1; }
# libHalide.so comes with its own wheel; what else is not on every Linux goes in.
rm -f "$out"/linnet-*.whl
"$tools/auditwheel" repair --exclude libHalide.so --plat "$platform" --only-plat -w "$out" \
  "$folder"/wheel/linnet-*.whl >>"$folder/wheel.log" 2>&1 ||
  { tail -n 40 "$folder/wheel.log" >&2; exit 1; }

wheel="$(echo "$out/linnet-$version"-py3-none-"$platform".whl)"
"$tools/auditwheel" show "$wheel" | tr '\n' ' ' | grep -q "\"$platform\"" ||
  { echo "wheel.sh: auditwheel finds no $platform in $wheel" >&2; exit 1; }
"$tools/twine" check --strict "$wheel" >>"$folder/wheel.log"
limit=$((80 * 1000 * 1000))
size="$(stat -c %s "$wheel")"
if ((size > limit)); then
  echo "wheel.sh: $wheel has $size bytes, more than $limit" >&2
  exit 1
fi
echo "$wheel"
