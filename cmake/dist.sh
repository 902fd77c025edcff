#!/usr/bin/env bash
# All files of a release, in build/dist: the wheel, a tarball, a Debian package, the sources, bills of
# materials, and their SHA256SUMS. The wheel is there already (wheel.sh).
#   dist.sh [OUT]              OUT is build/dist unless given
#   LINNET_WHEEL_BUILD=DIR     another folder than build-wheel
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
out="$(realpath -m "${1:-build/dist}")"
folder="$(realpath "${LINNET_WHEEL_BUILD:-build-wheel}")"
tools="build-wheel-tools/bin"
source cmake/release.sh
export LC_ALL=C TZ=UTC  # the order and the dates of files
name="linnet-$version-x86_64-linux"
stage="$folder/dist"
rm -rf "$stage" "$out"/*.tar.* "$out"/*.deb "$out"/*.spdx.json "$out"/SHA256SUMS
mkdir -p "$stage" "$out"

# The tree that `cmake --install` makes, and beside liblinnet.so what not every Linux has.
cmake --install "$folder" --component Unspecified --prefix "$stage/$name" >"$folder/dist.log"
for library in libfmt libprotobuf-lite; do
  path="$(ldd "$folder/liblinnet.so" | sed -n "s,.*=> \(/.*/$library\.so[^ ]*\) .*,\1,p")"
  [ -z "$path" ] || cp -L "$path" "$stage/$name/lib/linnet/"
done
tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar \
  -C "$stage" -cf - "$name" | gzip -n -6 >"$out/$name.tar.gz"

(cd "$folder" && cpack -G DEB -B "$stage/deb" >>dist.log)
cp "$stage"/deb/*.deb "$out/"

if git rev-parse --git-dir >/dev/null 2>&1; then
  git archive --format=tar --prefix="linnet-$version/" HEAD |
    gzip -n >"$out/linnet-$version-source.tar.gz"
fi

"$tools/python" cmake/sbom.py --version "$version" --venv "${LINNET_VENV:-.venv}" --out "$out"
for sbom in "$out"/*.spdx.json; do
  "$tools/pyspdxtools" -i "$sbom" >>"$folder/dist.log" 2>&1 ||
    { echo "dist.sh: $sbom is not valid:" >&2; tail "$folder/dist.log" >&2; exit 1; }
done
cp CHANGELOG.md "$out/"
(cd "$out" && rm -f SHA256SUMS && sha256sum -- * >"$stage/SHA256SUMS" && mv "$stage/SHA256SUMS" .)
(cd "$out" && ls -l)
