// denormals FOLDER
// A GRU whose state has decayed to denormal numbers, beside its first steps and beside the same
// compiled with --flush-denormals. FOLDER holds libdecaying_gru.so and libdecaying_gru_flushed.so.
#include "benchmarks/timing.h"

#include <cfloat>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>

namespace linnet::benchmarks {
namespace {

constexpr ptrdiff_t kSteps = 64;
constexpr int kSilence = 8192;  // steps after the impulse
constexpr int kHidden = 64;
constexpr size_t kFirst = 64;  // byte of the state where h begins; the header says so

struct Stream {
  int (*steps)(const float*, float*, ptrdiff_t, void*, void*) = nullptr;
  void (*reset)(void*) = nullptr;
  void* state = std::aligned_alloc(64, 4096);
  void* arena = std::aligned_alloc(64, 1 << 16);
  float x[kSteps] = {}, y[kSteps] = {};

  Stream(const std::string& folder, const std::string& name) {
    void* library = dlopen((folder + "/lib" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      std::fprintf(stderr, "%s\n", dlerror());
      std::exit(4);
    }
    steps = reinterpret_cast<decltype(steps)>(dlsym(library, (name + "_steps").c_str()));
    reset = reinterpret_cast<decltype(reset)>(dlsym(library, (name + "_reset").c_str()));
    reset(state);
    x[0] = 1;  // an impulse
    run();
    x[0] = 0;
  }
  void run() { steps(x, y, kSteps, state, arena); }
  void decay() {
    for (int i = 0; i < kSilence; i += kSteps)
      run();
  }
  [[nodiscard]] int denormal() const {
    const auto* h = reinterpret_cast<const float*>(static_cast<const char*>(state) + kFirst);
    int count = 0;
    for (int i = 0; i < kHidden; ++i)
      count += std::fpclassify(h[i]) == FP_SUBNORMAL;
    return count;
  }
};

int run(const std::string& folder) {
  Stream fresh(folder, "decaying_gru"), decayed(folder, "decaying_gru"),
      flushed(folder, "decaying_gru_flushed");
  decayed.decay();
  flushed.decay();
  const auto ns = medians({
      [&] {
        fresh.reset(fresh.state);
        fresh.x[0] = 1;
        fresh.run();
      },
      [&] { decayed.run(); },
      [&] { flushed.run(); },
  });
  std::printf("decaying GRU 64, ns a step: ordinary numbers %.1f; %d of %d numbers of the state "
              "denormal %.1f; --flush-denormals %.1f (%d denormal)\n"
              "  denormal / ordinary %.2f×, denormal / flushed %.2f×\n",
              ns[0] / kSteps, decayed.denormal(), kHidden, ns[1] / kSteps, ns[2] / kSteps,
              flushed.denormal(), ns[1] / ns[0], ns[1] / ns[2]);
  return 0;
}

}  // namespace
}  // namespace linnet::benchmarks

int main(int argc, char** argv) {
  if (argc == 2) return linnet::benchmarks::run(argv[1]);
  std::fputs("denormals FOLDER\n", stderr);
  return 2;
}
