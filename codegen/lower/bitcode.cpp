// Lowers a kernel with its schedule in Halide and writes the bitcode of its LLVM.
#include "codegen/lower/bitcode.h"

#include "codegen/lower/lower.h"
#include "passes/schedule/families.h"

#include "support/check.h"

#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

namespace linnet::codegen {
namespace {

// The one place that decides Halide's features: by the level, never by the host.
Halide::Target halide_target(const Target& target) {
  using H = Halide::Target;
  std::vector<H::Feature> features = {H::NoRuntime, H::NoAsserts, H::NoBoundsQuery, H::StrictFloat,
                                      H::SSE41};
  if (target.level >= 3) features.insert(features.end(), {H::AVX, H::AVX2, H::FMA, H::F16C});
  if (target.level >= 4) features.insert(features.end(), {H::AVX512, H::AVX512_Skylake});
  return H(H::Linux, H::X86, 64, features);
}

// Halide writes bitcode to a path only: a file without a name.
class MemoryFile {
public:
  MemoryFile() : file_(memfd_create("bitcode", 0)) {
    LINNET_CHECK(file_ >= 0, "memfd_create failed");
  }
  ~MemoryFile() { close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }
  [[nodiscard]] std::string read() const {
    std::string bytes(static_cast<size_t>(lseek(file_, 0, SEEK_END)), '\0');
    const ssize_t got = pread(file_, bytes.data(), bytes.size(), 0);
    LINNET_CHECK(got == static_cast<ssize_t>(bytes.size()), "bitcode cannot be read back");
    return bytes;
  }

private:
  int file_;
};

// What Halide says while it lowers. A warning, such as of an access "guaranteed to fail an
// assertion", means that the kernel is not what the schedule promised.
class Reporter final : public Halide::CompileTimeErrorReporter {
public:
  Reporter() {
    Halide::set_custom_compile_time_error_reporter(this);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    Halide::set_compiler_stack_size(0);  // no stack of its own: sanitizers cannot follow the switch
#endif
  }
  ~Reporter() override { Halide::set_custom_compile_time_error_reporter(nullptr); }
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;

  void warning(const char* message) override { warnings_ += message; }
  [[noreturn]] void error(const char* message) override { throw InternalError(message); }
  [[nodiscard]] const std::string& warnings() const { return warnings_; }

private:
  std::string warnings_;
};

}  // namespace

std::string kernel_bitcode(const ir::Graph& kernel, const Target& target, std::string* stmt) {
  const Reporter reporter;
  std::string trouble;
  try {
    LoweredKernel lowered = lower_kernel(kernel, target);
    Halide::Target machine = halide_target(target);
    // Where it works is handed to it as Halide's allocator's user context (object/scratch.h).
    if (passes::scratch_bytes(kernel) > 0) machine.set_feature(Halide::Target::UserContext);
    Halide::Module module =
        lowered.pipeline.compile_to_module(lowered.arguments, kBitcodeName, machine);
    if (stmt) {
      std::ostringstream text;
      text << module;
      *stmt = text.str();
    }
    const MemoryFile file;
    module.compile({{Halide::OutputFileType::bitcode, file.path()}});
    trouble = reporter.warnings();
    if (trouble.empty()) return file.read();
  } catch (const Halide::Error& error) {
    trouble = error.what();
  }
  trouble.resize(trouble.find_last_not_of(" \n") + 1);
  throw InternalError("Halide: " + trouble);
}

}  // namespace linnet::codegen
