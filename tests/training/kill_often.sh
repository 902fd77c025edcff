#!/usr/bin/env bash
# A training run of 20 s and more, killed 50 times at random moments: each time the last checkpoint must load, and the
# weights at the end must be those of an unbroken run.     usage: kill_often.sh build/linnet [KILLS]
set -euo pipefail
linnet="$(realpath "$1")" kills="${2:-50}"
source="$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$linnet" train "$source/models/lenet.lin" --emit exe -o lenet-train
arguments=(--data "$source/models/data/digits" --epochs "${EPOCHS:-1000}" --quiet)
start=$(date +%s)
./lenet-train "${arguments[@]}" -o whole.safetensors >/dev/null
echo "unbroken: $(($(date +%s) - start)) s"
alive=0
for ((i = 0; i < kills; ++i)); do
  resume=()
  [ -e broken.safetensors.ckpt ] || [ -e broken.safetensors.ckpt.prev ] && resume=(--resume broken.safetensors)
  ./lenet-train "${arguments[@]}" "${resume[@]}" -o broken.safetensors >/dev/null 2>>log &
  process=$!
  sleep "0.$((RANDOM % 350 + 100))"
  if kill -9 "$process" 2>/dev/null; then alive=$((alive + 1)); fi
  wait "$process" 2>/dev/null || true
done
./lenet-train "${arguments[@]}" --resume broken.safetensors -o broken.safetensors >/dev/null
cmp whole.safetensors broken.safetensors
echo "killed $alive times alive; the last checkpoint always loaded; the weights are the same: $(sha256sum <whole.safetensors | cut -c1-16)"
! grep -q "^error" log || { cat log; exit 1; }
