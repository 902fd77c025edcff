// ONNX Runtime's C API without its header: OrtApi is a table of functions that only ever grows, so
// positions in it are ABI (onnxruntime_c_api.h, API version 18).
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <vector>

namespace linnet::benchmarks {

// One session on one thread with all graph optimisations, one input and one output of floats.
class OnnxRuntime {
public:
  OnnxRuntime(const std::string& library, const std::string& model, std::vector<int64_t> in_shape,
              float* in, std::vector<int64_t> out_shape, float* out, const char* in_name = "x",
              const char* out_name = "y")
      : in_name_(in_name), out_name_(out_name) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle) fail(dlerror());
    using GetBase = const Base* (*)();
    api_ = reinterpret_cast<GetBase>(dlsym(handle, "OrtGetApiBase"))()->get_api(18);
    void *environment = nullptr, *options = nullptr, *memory = nullptr;
    check(kCreateEnv, 3, "bench", &environment);
    check(kCreateSessionOptions, &options);
    check(kSetIntraOpNumThreads, options, 1);
    check(kSetInterOpNumThreads, options, 1);
    check(kSetGraphOptimizationLevel, options, 99);
    check(kCreateSession, environment, model.c_str(), options, &session_);
    check(kCreateCpuMemoryInfo, 1, 0, &memory);
    tensor(memory, in, in_shape, &input_);
    tensor(memory, out, out_shape, &output_);
  }

  void run() {
    check(kRun, session_, static_cast<void*>(nullptr), &in_name_, &input_, std::size_t{1},
          &out_name_, std::size_t{1}, &output_);
  }

private:
  enum Slot {
    kGetErrorMessage = 2,
    kCreateEnv = 3,
    kCreateSession = 7,
    kRun = 9,
    kCreateSessionOptions = 10,
    kSetGraphOptimizationLevel = 23,
    kSetIntraOpNumThreads = 24,
    kSetInterOpNumThreads = 25,
    kCreateTensorWithData = 49,
    kCreateCpuMemoryInfo = 69,
  };
  struct Base {
    void* const* (*get_api)(uint32_t);
    const char* (*version)();
  };

  [[noreturn]] static void fail(const char* why) {
    std::fprintf(stderr, "onnxruntime: %s\n", why);
    std::exit(4);
  }
  template <class... Arguments> void check(Slot slot, Arguments... arguments) const {
    void* status = reinterpret_cast<void* (*)(Arguments...)>(api_[slot])(arguments...);
    if (status) fail(reinterpret_cast<const char* (*)(void*)>(api_[kGetErrorMessage])(status));
  }
  void tensor(void* memory, float* data, const std::vector<int64_t>& shape, void** value) const {
    std::size_t bytes = sizeof(float);
    for (int64_t dim : shape)
      bytes *= static_cast<std::size_t>(dim);
    constexpr int kFloat = 1;
    check(kCreateTensorWithData, memory, static_cast<void*>(data), bytes, shape.data(),
          shape.size(), kFloat, value);
  }

  const char* in_name_;
  const char* out_name_;
  void* const* api_ = nullptr;
  void* session_ = nullptr;
  void* input_ = nullptr;
  void* output_ = nullptr;
};

}  // namespace linnet::benchmarks
