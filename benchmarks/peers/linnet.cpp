// linnet INPUT ANSWER OUTPUTS: the library of one model, compiled with --name model, called from
// C++.
#include "model.h"

#include "worker.h"

int main(int, char** argv) {
  namespace bench = linnet::benchmarks;
  size_t count = 0;
  const float* in = bench::read_floats(argv[1], count);
  const size_t outputs = std::strtoul(argv[3], nullptr, 10);
  auto* out = static_cast<float*>(std::aligned_alloc(64, (outputs * sizeof(float) + 64) / 64 * 64));
  void* arena = std::aligned_alloc(MODEL_ARENA_ALIGN, MODEL_ARENA_BYTES + MODEL_ARENA_ALIGN);
  const auto call = [&] {
    if (model_run(in, out, arena) != 0) std::exit(4);
  };
  return bench::serve(call, out, outputs, argv[2]);
}
