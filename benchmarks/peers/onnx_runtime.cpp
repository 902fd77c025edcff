// onnx_runtime INPUT ANSWER OUTPUTS MODEL.onnx IN_NAME IN_DIMS OUT_NAME OUT_DIMS LIBONNXRUNTIME:
// its C API, one thread, all graph optimisations, the output's memory given.
#include "../onnx_runtime.h"
#include "worker.h"

#include <sstream>

int main(int, char** argv) {
  namespace bench = linnet::benchmarks;
  const auto dims = [](const char* text) {
    std::vector<int64_t> list;
    std::istringstream in(text);
    for (std::string dim; std::getline(in, dim, ',');)
      list.push_back(std::stoll(dim));
    return list;
  };
  size_t count = 0;
  float* in = bench::read_floats(argv[1], count);
  std::vector<float> out(std::strtoul(argv[3], nullptr, 10));
  bench::OnnxRuntime engine(argv[9], argv[4], dims(argv[6]), in, dims(argv[8]), out.data(), argv[5],
                            argv[7]);
  return bench::serve([&] { engine.run(); }, out.data(), out.size(), argv[2]);
}
