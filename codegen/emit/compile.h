// Module → object bytes → library, executable, or code in this process.
#pragma once

#include "base/memory.h"
#include "base/result.h"
#include "codegen/object/target.h"
#include "ir/module.h"

#include "support/diag.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

class Cache;
struct TrainerInfo;

struct Failure {
  Status status = Status::kBug;
  std::string message;
  std::string remedy;
};

struct CompileOptions {
  std::string name;  // prefix of every symbol; a C identifier
  Target target;
  int jobs = 2;            // forked workers that compile kernels; 1: still forked, one at a time
  Cache* cache = nullptr;  // where is looked first; the bytes are the same without it
  bool es_module = false;  // also link a module of WebAssembly, and write the ES module around it
  bool product = false;    // also emit linnet_product_model (base/abi/model.h), for an executable
  std::string model_hash, weights_hash;  // hexadecimal, for header and --version
  bool untrained = false;                // parameters are initial values
  // Told before and while something takes long: what, and how much of what is done.
  std::function<void(std::string_view what, size_t done, size_t total)> progress;
  bool batched = false;          // dimension 0 of every port is the batch
  int64_t flops = 0;             // of one sample, for --bench
  uint64_t seed = 0;             // of a state that begins with random numbers
  int threads = 1;               // NAME_threads_start may start so many; 1: there is none
  bool flush_denormals = false;  // entries set FTZ and DAZ, and restore MXCSR
  bool debug_symbols = false;    // products keep symbols and tables for unwinding
  bool keep_text = false;        // fill in the texts of Compiled
  const TrainerInfo* trainer =
      nullptr;                 // the entries are those of training (codegen/emit/trainer.h)
  bool trainer_main = false;   // with `trainer`: also `main`, for an executable
  bool timed_entries = false;  // each entry also as TimedEntry and PartialEntry
};

// FUNCTION_timed: an entry's calls on the same values in the same order, with the time-stamp
// counter read into ticks[i] ahead of the i-th, and twice behind the last: what is between these
// two is what reading it costs. `inputs` and `outputs` are those without a slot; `slots`,
// `counters` (linnet_step_args_v1) may be null where the entry takes none. Memory as the entry
// wants it.
using TimedEntry = int (*)(const void* const* inputs, void* const* outputs, void* slots,
                           const void* counters, void* arena, uint64_t* ticks);
inline constexpr const char* kTimedSuffix = "_timed";
// FUNCTION_partial: the first `count` of these calls and no clock, for kernels that are too short
// for it.
using PartialEntry = int (*)(const void* const* inputs, void* const* outputs, void* slots,
                             const void* counters, void* arena, int64_t count);
inline constexpr const char* kPartialSuffix = "_partial";

// What Halide did for a kernel.
struct KernelWork {
  std::string name;
  std::string symbol, body;  // the function that entries call, and the one inside that Halide made
  bool cached = false;       // nothing
  std::chrono::nanoseconds time{0};
  std::string stmt;  // its lowered code, with `keep_text`
};

struct StageTime {
  std::string name;
  std::chrono::nanoseconds time{0};
};

struct KernelReport {
  std::string name;
  std::string symbol;  // its function, where they are kept
  std::string hash;    // of its content
  int64_t code_bytes = 0;
  int64_t stack_bytes = 0;
};

// How executables and shared libraries are linked.
struct LinkOptions {
  bool is_static = false;  // --static: an executable needs no dynamic loader and no library
  std::string compiler;    // --cc: the program that links; "" for the target's own
  std::string sysroot;     // --sysroot: where the system's libraries are looked for; "": its own
};

struct Compiled {
  std::string name;
  std::string target;  // "x86-64-v3"
  TargetRecord record;
  std::vector<std::byte> object;     // entry functions, kernels, constants up to 4 KiB
  std::vector<std::byte> constants;  // a second object with the larger ones; empty if none
  std::string header;                // C99, with extern "C"
  std::vector<std::byte> wasm;       // with `es_module`: linked, and the texts that belong to it
  std::string es_module, es_types;
  std::string source;  // of --emit c, in place of objects
  int64_t arena_bytes = 0;
  int64_t arena_align = kAlign;
  int64_t stack_bytes = 0;
  int64_t thread_bytes = 0;      // of the stack of each thread that is started; 0: none ever is
  int64_t state_bytes = 0;       // 0: no NAME_step
  int64_t step_arena_bytes = 0;  // of NAME_step and NAME_steps
  std::vector<KernelReport> kernels;
  LinkOptions link;
  bool debug_symbols = false;     // executables and shared libraries are linked with their symbols
  std::vector<KernelWork> work;   // of all kernels
  std::vector<StageTime> stages;  // in the order in which they began
  // Of the final module, when asked for; `llvm_before` is not yet optimised.
  std::string llvm_before, llvm, assembly;
};

// `modules` are the outcome of the whole pipeline, one for each batch size, largest batch first,
// batch 1 last. With `trainer` every graph is an entry: @train_step, @evaluate, and @predict on
// slots, NAME_run_with; otherwise @predict, NAME_run, and @step, NAME_step.
[[nodiscard]] Result<Compiled, Failure> compile(std::span<const ir::Module> modules,
                                                const CompileOptions& options);

// `path` appears whole or not at all.
[[nodiscard]] Result<void, Failure> write_archive(const Compiled& compiled,
                                                  const std::string& path);
[[nodiscard]] Result<void, Failure> write_objects(const Compiled& compiled,
                                                  const std::string& path);
// NAME.wasm, and beside it NAME.mjs and NAME.d.mts.
[[nodiscard]] Result<void, Failure> write_wasm(const Compiled& compiled, const std::string& path);
[[nodiscard]] Result<void, Failure> link_executable(const Compiled& compiled,
                                                    const std::string& path);
[[nodiscard]] Result<void, Failure> link_shared(const Compiled& compiled, const std::string& path);

// The same object bytes, loaded into this process (ORC's object layer).
class Loaded {
public:
  virtual ~Loaded() = default;
  [[nodiscard]] virtual void* symbol(const std::string& name) const = 0;  // nullptr: none
};
[[nodiscard]] Result<std::unique_ptr<Loaded>, Failure> load(const Compiled& compiled);

}  // namespace linnet::codegen
