#!/usr/bin/env bash
# make demo: models are trained, become programs, and the programs answer on real data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
linnet=build/linnet
out=build/demo
mkdir -p "$out"
say() { printf '\n\033[1m$ %s\033[0m\n' "$*" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
run() { say "$@"; "$@"; }

run $linnet check models/lenet.lin
run $linnet train models/lenet.lin --data models/data/digits -o $out/lenet.safetensors --plot $out/lenet.svg
run $linnet compile models/lenet.lin --weights $out/lenet.safetensors -o $out/lenet
run $out/lenet models/data/digits/t10k-images-idx3-ubyte models/data/digits/t10k-labels-idx1-ubyte
run $out/lenet models/data/digits/{0,1,2,3,4,5,6,7,8,9}.png
run $out/lenet --bench
run $linnet compile models/mlp.lin --weights models/data/mlp.safetensors -o $out/mlp
run $out/mlp models/data/digits/t10k-images-idx3-ubyte models/data/digits/t10k-labels-idx1-ubyte
run $linnet compile models/ar.lin --set p=9 --weights models/data/ar9_sunspots.safetensors -o $out/ar
run $out/ar models/data/sunspots.csv --steps 5
say "ls -l $out"
ls -l $out | awk 'NR > 1 { print $5 " bytes  " $9 }'
