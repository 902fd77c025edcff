#!/usr/bin/env bash
# Trains the page's weights again, byte for byte on the same kind of CPU: some five minutes.
#   examples/web/train.sh [linnet]          needs .venv (numpy, safetensors), which cmake/setup.sh makes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
linnet="${1:-build/linnet}"
python="${LINNET_VENV:-.venv}/bin/python"
data=models/data
out=examples/web/weights
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# LeNet: distorted scans and written strokes, then weights of few bits, which deflate to half.
"$python" -B examples/web/augment.py $data/digits "$work/digits"
"$linnet" train examples/web/digits.lin --data "$work/digits" --seed 0 -o "$work/digits.safetensors"
"$python" -B examples/web/half.py "$work/digits.safetensors"
cp "$work/digits.safetensors" $out/

# series MODEL FILE COLUMN INDEX NAME [options]: the model of models/ on another column.
series() {
  sed "s/column: \"[a-z]*\", index: \"[a-z]*\"/column: \"$3\", index: \"$4\"/; s/validation: .*%/validation: 20%/" \
    "models/$1.lin" >"$work/$1.lin"
  "$linnet" train "$work/$1.lin" --data "$data/$2" --seed 0 -o "$work/$5.safetensors" "${@:6}"
  cp "$work/$5.safetensors" $out/
}
series ar visitors.csv visitors day ar_visitors --set p=9
series latent_ar visitors.csv visitors day latent_visitors
series latent_ar sunspots.csv sunspots year latent_sunspots
"$linnet" evaluate examples/web/digits.lin --weights $out/digits.safetensors --data $data/digits
