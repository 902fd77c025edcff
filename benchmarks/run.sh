#!/usr/bin/env bash
# make bench: linnet's library against ONNX Runtime's C API, one core, batch 1, the same weights, the same run;
# then each kernel beside the machine's peak. Argument: the build folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build="${1:-build}"
linnet="$build/linnet"
python="${LINNET_VENV:-.venv}/bin/python"
out="$build/bench"
mkdir -p "$out"
"$python" benchmarks/onnx_models.py models/data "$out"
ort="$("$python" - <<'PY'
import glob, os, importlib.util
folder = os.path.dirname(importlib.util.find_spec("onnxruntime").origin)
print(glob.glob(folder + "/capi/libonnxruntime.so.*")[0])
PY
)"
"$linnet" compile models/lenet.lin --weights models/data/lenet.safetensors --emit shared -o "$out/liblenet.so"
"$linnet" compile models/mlp.lin --weights models/data/mlp.safetensors --emit shared -o "$out/libmlp.so"
"$linnet" compile models/ar.lin --weights "$out/ar.safetensors" --emit shared -o "$out/libar.so"
# The last core: the first one serves the machine's interrupts.
pin=()
command -v taskset >/dev/null && pin=(taskset -c "$(($(nproc) - 1))")
printf 'model        linnet        ONNX Runtime    ratio   |difference|\n'
"${pin[@]}" "$build/benchmarks/against_onnxruntime" "$ort" lenet "$out/liblenet.so" "$out/lenet.onnx" 1,1,28,28 1,10
"${pin[@]}" "$build/benchmarks/against_onnxruntime" "$ort" mlp "$out/libmlp.so" "$out/mlp.onnx" 1,784 1,10
"${pin[@]}" "$build/benchmarks/against_onnxruntime" "$ort" ar "$out/libar.so" "$out/ar.onnx" 1,4 1,1
"$linnet" compile models/latent_ar.lin --weights "$out/latent_ar.safetensors" --emit shared -o "$out/liblatent_ar.so"
printf '\n'
"${pin[@]}" "$build/benchmarks/streams" "$ort" "$out"
"$linnet" compile benchmarks/decaying_gru.lin --emit shared -o "$out/libdecaying_gru.so"
"$linnet" compile benchmarks/decaying_gru.lin --flush-denormals --name decaying_gru_flushed --emit shared \
  -o "$out/libdecaying_gru_flushed.so"
"${pin[@]}" "$build/benchmarks/denormals" "$out"
for model in lenet mlp; do
  printf '\n'
  "${pin[@]}" "$linnet" bench "models/$model.lin" --weights "models/data/$model.safetensors"
done
