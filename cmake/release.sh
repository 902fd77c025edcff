# Sourced by wheel.sh and dist.sh: what names and dates release files.
version="$(sed -n 's/^project(linnet VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
platform=manylinux_2_36_x86_64  # Debian 12's glibc
# Files of a release have the release's date: the first one in the list of changes.
SOURCE_DATE_EPOCH="$(date -u -d "$(grep -om1 '20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]' CHANGELOG.md)" +%s)"
export SOURCE_DATE_EPOCH
