// streams LIBONNXRUNTIME FOLDER
// Steps of models with state, beside ONNX Runtime's C API on the same weights and beside a loop in
// C, in turn, round by round. FOLDER holds libar.so, ar.onnx, liblatent_ar.so, latent_ar.onnx.
#include "benchmarks/c_loop.h"
#include "benchmarks/onnx_runtime.h"
#include "benchmarks/timing.h"

#include <cmath>
#include <string>
#include <vector>

namespace linnet::benchmarks {
namespace {

constexpr ptrdiff_t kSteps = 64;

using Step = int (*)(const float*, float*, void*, void*);
using Steps = int (*)(const float*, float*, ptrdiff_t, void*, void*);

// A stream of NAME's library.
struct Stream {
  Step step = nullptr;
  Steps steps = nullptr;
  void* state = std::aligned_alloc(64, 4096);
  void* arena = std::aligned_alloc(64, 1 << 20);
  void (*reset)(void*) = nullptr;

  Stream(const std::string& folder, const std::string& name) {
    void* library = dlopen((folder + "/lib" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::exit(4);
    }
    step = reinterpret_cast<Step>(dlsym(library, (name + "_step").c_str()));
    steps = reinterpret_cast<Steps>(dlsym(library, (name + "_steps").c_str()));
    reset = reinterpret_cast<void (*)(void*)>(dlsym(library, (name + "_reset").c_str()));
    reset(state);
  }
};

int run(char** arguments) {
  const std::string folder = arguments[2];
  std::vector<float> x(kSteps), y(kSteps), z(kSteps), c(kSteps);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i * 37 % 101) / 101;
  Stream ar(folder, "ar"), gru(folder, "latent_ar");
  c_loop_state loop = {};
  float last = 0;
  OnnxRuntime ar_peer(arguments[1], folder + "/ar.onnx", {1, 4}, x.data() + kSteps - 4, {1, 1},
                      &last);
  const auto singly = [&](Stream& stream, float* to) {
    for (ptrdiff_t t = 0; t < kSteps; ++t)
      stream.step(x.data() + t, to + t, stream.state, stream.arena);
  };
  const auto ar_ns = medians({
      [&] { ar.steps(x.data(), y.data(), kSteps, ar.state, ar.arena); },
      [&] { singly(ar, z.data()); },
      [&] { c_loop_steps(x.data(), c.data(), kSteps, &loop); },
      [&] {
        for (ptrdiff_t t = 0; t < kSteps; ++t)
          c_loop_step(x.data() + t, c.data() + t, &loop);
      },
      [&] { ar_peer.run(); },
  });
  double difference = 0;
  for (size_t i = 0; i < x.size(); ++i)
    difference = std::max(difference, std::fabs(static_cast<double>(y[i]) - c[i]));
  difference = std::max(difference, std::fabs(static_cast<double>(z[kSteps - 1]) - last));
  std::printf("AR(4), ns a step: block %.2f, single %.2f; C loop %.2f, C call %.2f; ONNX Runtime "
              "%.0f\n  block / C loop %.2f×, single / C call %.2f×, single / ONNX Runtime %.4f×, "
              "|difference| %.1e\n",
              ar_ns[0] / kSteps, ar_ns[1] / kSteps, ar_ns[2] / kSteps, ar_ns[3] / kSteps, ar_ns[4],
              ar_ns[0] / ar_ns[2], ar_ns[1] / ar_ns[3], ar_ns[1] / kSteps / ar_ns[4], difference);
  float answer = 0;
  OnnxRuntime gru_peer(arguments[1], folder + "/latent_ar.onnx", {1, kSteps, 1}, x.data(), {1, 1},
                       &answer);
  const auto gru_ns = medians({
      [&] {
        gru.reset(gru.state);
        gru.steps(x.data(), y.data(), kSteps, gru.state, gru.arena);
      },
      [&] {
        gru.reset(gru.state);
        singly(gru, z.data());
      },
      [&] { gru_peer.run(); },
  });
  std::printf("GRU 32, %td steps, µs: block %.2f, single %.2f; ONNX Runtime %.2f\n  block / ONNX "
              "Runtime %.3f×, single / block %.3f×, |difference| %.1e\n",
              kSteps, gru_ns[0] * 1e-3, gru_ns[1] * 1e-3, gru_ns[2] * 1e-3, gru_ns[0] / gru_ns[2],
              gru_ns[1] / gru_ns[0], std::fabs(static_cast<double>(z[kSteps - 1]) - answer));
  return y == z ? 0 : 1;
}

}  // namespace
}  // namespace linnet::benchmarks

int main(int argc, char** argv) {
  if (argc == 3) return linnet::benchmarks::run(argv);
  std::fputs("streams LIBONNXRUNTIME FOLDER\n", stderr);
  return 2;
}
