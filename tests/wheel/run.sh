#!/usr/bin/env bash
# The wheel as a user gets it: a fresh environment with it and its dependencies alone, a user that is
# not root, a folder of its own, and a PATH without a compiler, a linker or LLVM.
#   run.sh WHEEL
#   PYTHONS="python3 python3.12 …"   the interpreters to try; /usr/bin/python3 unless given
# A table of what took how long is printed. The first interpreter does everything, others a part.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
wheel="$(realpath "$1")"
work="$(mktemp -d "${TMPDIR:-/tmp}/linnet-wheel.XXXXXX")"
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/home" "$work/log"
cp "$wheel" "$here/session.py" "$here/digits.py" "$work/"
for tool in cat cp env ls mkdir rm sh; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done

as_user=()
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$work"
  as_user=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
fi
# What pip needs to reach its index stays.
kept=(); while IFS= read -r name; do kept+=("$name=${!name}"); done < <(
  compgen -e | grep -E '^(PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)$')
user() {
  (cd "$work/home" && "${as_user[@]}" env -i "${kept[@]}" PATH="$path" HOME="$work/home" \
    TMPDIR="$work/home" LANG=C.UTF-8 "$@")
}

fail() { printf 'test-wheel: %s\n' "$*" >&2; exit 1; }
# step NAME COMMAND…: runs as the user; one line of the table.
step() {
  local name="$1" begin end; shift
  begin="$(date +%s%N)"
  local status=0
  user "$@" >"$work/log/out" 2>"$work/log/err" || status=$?
  if ((status != 0)); then
    cat "$work/log/out" "$work/log/err" >&2
    fail "$name: status $status: $*"
  fi
  end="$(date +%s%N)"
  printf '| %-28s | %8.2f |\n' "$name" "$(((end - begin) / 10000000))e-2"
}
said() { grep -qF -- "$1" "$work/log/out" || { cat "$work/log/out" >&2; fail "'$1' was not said"; }; }

whole() {
  local name
  for name in cc gcc g++ c++ clang ld ld.lld; do
    ! PATH="$path" command -v "$name" >/dev/null || fail "$name is in PATH"
  done
  step 'linnet new' linnet new digits digits
  step 'data of digits' python "$work/digits.py" digits/data
  step 'linnet train' linnet train digits/model.lin --data digits/data -o digits.safetensors
  step 'linnet evaluate' linnet evaluate digits/model.lin --weights digits.safetensors --data digits/data
  local build=(linnet compile digits/model.lin --weights digits.safetensors)
  step 'compile --emit obj' "${build[@]}" --emit obj -o digits.o
  step 'compile --emit lib' "${build[@]}" --emit lib -o libdigits.a
  step 'compile --emit shared' "${build[@]}" --emit shared -o libdigits.so
  step 'compile --emit exe' "${build[@]}" -o digits.exe
  step 'the program' ./digits.exe digits/data/test/0/0.png
  said digits/data/test/0/0.png
  step 'emit exe, aarch64' "${build[@]}" --target aarch64 -o digits.aarch64
  step 'emit shared, riscv64' "${build[@]}" --target riscv64 --emit shared -o digits.riscv64.so
  step 'compile --emit wasm' "${build[@]}" --emit wasm --target wasm32 -o digits.wasm
  local status=0
  user "${build[@]}" --static -o no.exe 2>"$work/log/err" || status=$?
  ((status == 4)) || fail "--static without a libc.a: status $status"
  grep -q 'apt-get install g++' "$work/log/err" || { cat "$work/log/err"; fail "--static: no remedy"; }
  [ ! -e "$work/home/no.exe" ] || fail "--static left a file"
}

echo "| step                         |  seconds |"
echo "|------------------------------|----------|"
first=1
for python in ${PYTHONS:-/usr/bin/python3}; do
  venv="$work/venv-$(basename "$(command -v "$python")")-$first"
  path="$work/bin"
  printf '| %-28s |          |\n' "$(user "$(command -v "$python")" --version)"
  step 'venv' "$(command -v "$python")" -m venv "$venv"
  step 'pip install' "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    "$work/$(basename "$wheel")"
  path="$venv/bin:$work/bin"
  step 'linnet --version' linnet --version
  native="$(user "$venv/bin/python" -c 'import linnet, pathlib; print(pathlib.Path(linnet.__file__).parent / "_native")')"
  for file in linnet liblinnet.so; do
    loaded="$(user /usr/bin/ldd "$native/$file")"
    ! grep -E 'not found|libLLVM|/usr/local' <<<"$loaded" >&2 || fail "$file: not from the wheel"
    grep -q "$venv/.*/libHalide.so" <<<"$(realpath -m $(grep -o '/[^ ]*libHalide.so' <<<"$loaded"))" ||
      fail "$file: which Halide? $loaded"
  done
  if [ -n "$first" ]; then whole; fi
  step 'python: compile, call, train' python "$work/session.py"
  cat "$work/log/out"
  step 'pip uninstall' "$venv/bin/python" -m pip uninstall --quiet --yes linnet
  [ ! -e "$native" ] || fail "pip uninstall left $native"
  first=
done
echo "test-wheel: passed"
