// against_onnxruntime LIBONNXRUNTIME NAME LIB.so MODEL.onnx IN_DIMS OUT_DIMS
// linnet's shared library and ONNX Runtime's C API on the same weights, in turn, round by round, so
// that a noisy neighbour meets both; the medians, their ratio, and how far the answers differ.
#include "benchmarks/onnx_runtime.h"
#include "benchmarks/timing.h"

#include <cmath>
#include <sstream>

namespace linnet::benchmarks {
namespace {

std::vector<int64_t> dims(const std::string& text) {
  std::vector<int64_t> list;
  std::istringstream in(text);
  for (std::string dim; std::getline(in, dim, ',');)
    list.push_back(std::stoll(dim));
  return list;
}

size_t elements(const std::vector<int64_t>& shape) {
  size_t count = 1;
  for (int64_t dim : shape)
    count *= static_cast<size_t>(dim);
  return count;
}

int run(char** arguments) {
  const std::string name = arguments[2];
  const auto in_shape = dims(arguments[5]);
  const auto out_shape = dims(arguments[6]);
  std::vector<float> in(elements(in_shape)), theirs(elements(out_shape)), ours(theirs.size());
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<float>((i * 37 + i / 29) % 101) / 101;
  void* library = dlopen(arguments[3], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 4;
  }
  using Call = int (*)(const float*, float*, void*);
  const auto call = reinterpret_cast<Call>(dlsym(library, (name + "_run").c_str()));
  void* arena = std::aligned_alloc(64, 1 << 20);
  OnnxRuntime peer(arguments[1], arguments[4], in_shape, in.data(), out_shape, theirs.data());
  const auto times = medians({[&] { call(in.data(), ours.data(), arena); }, [&] { peer.run(); }});
  double difference = 0;
  for (size_t i = 0; i < ours.size(); ++i)
    difference = std::max(difference, std::fabs(static_cast<double>(ours[i]) - theirs[i]));
  const double x = times[0];
  const double y = times[1];
  std::printf("%-8s  %9.3f µs  %9.3f µs  %6.3f×   %.1e\n", name.c_str(), x * 1e-3, y * 1e-3, x / y,
              difference);
  std::free(arena);
  return 0;
}

}  // namespace
}  // namespace linnet::benchmarks

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: against_onnxruntime LIBONNXRUNTIME NAME LIB.so MODEL.onnx IN OUT\n", stderr);
    return 2;
  }
  return linnet::benchmarks::run(argv);
}
