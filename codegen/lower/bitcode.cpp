// Lowers a kernel with its schedule in Halide and writes the bitcode of its LLVM.
#include "codegen/lower/bitcode.h"

#include "codegen/lower/lower.h"
#include "codegen/object/memory_file.h"
#include "passes/schedule/families.h"

#include "support/check.h"

#include <sstream>

namespace linnet::codegen {
namespace {

// Halide's features are the record's, never the host's.
Halide::Target halide_target(const Target& target) {
  using H = Halide::Target;
  H halide(target.record.halide);
  halide.set_features({H::NoRuntime, H::NoAsserts, H::NoBoundsQuery, H::StrictFloat});
  return halide;
}

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
    const MemoryFile file("bitcode");
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
