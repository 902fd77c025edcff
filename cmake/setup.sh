#!/usr/bin/env bash
# Everything needed, on Debian 12: packages, and a private Python environment for Halide's wheel.
# Does only what is missing, so a second run returns at once.
#   setup.sh          what the build needs
#   setup.sh test     and what the suite runs: emulators, node
#   setup.sh targets  and what the tests of every target run: a browser, clang
#   setup.sh mpi      and what the tests of training by MPI run
#   setup.sh wheel    what the build and the release files need: tools in build-wheel-tools
#   root or YES=1     installs missing packages; otherwise prints the line to paste
#   LINNET_VENV=DIR   an environment of your own instead of .venv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  g++ make cmake ninja-build python3 python3-venv
  llvm-22-dev llvm-22-tools liblld-22-dev zlib1g-dev libzstd-dev clang-format-22
  libfmt-dev libexpected-dev libeigen3-dev libcli11-dev nlohmann-json3-dev libstb-dev
  libprotobuf-dev protobuf-compiler
  libgtest-dev libgmock-dev libbenchmark-dev
  g++-aarch64-linux-gnu g++-riscv64-linux-gnu
)
test_packages=(
  qemu-user-static qemu-system-arm gcc-arm-none-eabi libnewlib-arm-none-eabi lld-22
)
command -v node >/dev/null || test_packages+=(nodejs)
targets_packages=(
  chromium lv2-dev clang-22
)
command -v npm >/dev/null || targets_packages+=(npm)
mpi_packages=(
  libopenmpi-dev openmpi-bin libmpich-dev mpich
)
wheel_packages=(
  dpkg-dev
)
venv="${LINNET_VENV:-.venv}"

fail() { printf '\nsetup: %s\n' "$*" >&2; exit 4; }

case "${1:-}" in
  '') ;;
  test) packages+=("${test_packages[@]}") ;;
  mpi) packages+=("${mpi_packages[@]}") ;;
  wheel) packages+=("${wheel_packages[@]}") ;;
  targets) packages+=("${test_packages[@]}" "${targets_packages[@]}") ;;
  *) printf "setup: no list '%s'; there are: test, targets, mpi, wheel\n" "$1" >&2; exit 2 ;;
esac

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
      *" installed") ;;
      *) echo "$package" ;;
    esac
  done
}

command -v dpkg-query >/dev/null ||
  fail "this is not Debian; install the like of: ${packages[*]}, then run 'cmake --preset release'"

mapfile -t missing < <(missing_packages)
if ((${#missing[@]})); then
  install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif [ "${YES:-}" = 1 ] && command -v sudo >/dev/null; then
    as_root=(sudo)
  else
    printf 'setup: some packages are missing; paste this line, then try again:\n\n' >&2
    printf '  sudo sh -c "%s"\n\n' "$install" >&2
    exit 4
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c "$install" >&2 ||
    fail "apt-get failed; LLVM 22 comes from Debian 12's security archive: is it among the sources?"
fi

# missing_wheels VENV REQUIREMENTS: pinned packages it does not hold in this very version.
missing_wheels() {
  local venv="$1" requirements="$2" line name version
  while read -r line _; do
    case "$line" in '' | '#'*) continue ;; esac
    name="${line%%==*}" version="${line##*==}"
    compgen -G "$venv/lib/python3*/site-packages/${name//-/_}-$version.dist-info" >/dev/null ||
      echo "$line"
  done <"$requirements"
}

# environment VENV REQUIREMENTS
environment() {
  local venv="$1" requirements="$2" missing python=/usr/bin/python3
  mapfile -t missing < <(missing_wheels "$venv" "$requirements")
  ((${#missing[@]})) || return 0
  echo "setup: installing ${missing[*]} into $venv"
  [ -x "$python" ] || python=python3  # not another that happens to come first in PATH
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" || fail "cannot make $venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2 ||
    fail "pip could not install $requirements into $venv"
}

environment "$venv" cmake/requirements.txt
[ "${1:-}" != wheel ] || environment build-wheel-tools cmake/requirements-wheel.txt
