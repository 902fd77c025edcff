// Kernels in parallel through the cache, then one LLVM module, optimised and made an object.
#include "codegen/emit/compile.h"

#include "codegen/cache/cache.h"
#include "codegen/cache/workers.h"
#include "codegen/emit/emit.h"
#include "codegen/emit/emit_raw.h"
#include "codegen/emit/emit_stream.h"
#include "codegen/emit/emit_supported.h"
#include "codegen/emit/emit_window.h"
#include "codegen/emit/entries.h"
#include "codegen/emit/es_module.h"
#include "codegen/emit/es_trainer.h"
#include "codegen/emit/header.h"
#include "codegen/emit/kernel_symbols.h"
#include "codegen/emit/product.h"
#include "codegen/emit/sharded_step.h"
#include "codegen/emit/threads.h"
#include "codegen/emit/train_header.h"
#include "codegen/emit/trainer.h"
#include "codegen/lower/bitcode.h"
#include "codegen/object/flush_denormals.h"
#include "codegen/object/import.h"
#include "codegen/object/object.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "ir/entries.h"
#include "ir/loop.h"
#include "ir/print.h"
#include "passes/lib/storage.h"
#include "support/check.h"

#include <fmt/format.h>

#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Linker/Linker.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdlib>
#include <set>
#include <unistd.h>

namespace linnet::codegen {
namespace {

// Leaves the kernel where its failure can be reproduced with `linnet kernel`; "" if it cannot.
std::string write_reproducer(const ir::Graph& kernel) {
  const char* base = std::getenv("TMPDIR");
  const std::string path =
      fmt::format("{}/linnet_{}_{}.lir", base && *base ? base : "/tmp", kernel.name, getpid());
  ir::Module module;
  module.name = "reproducer";
  module.kernels.push_back(kernel);
  return write_file(path, ir::print(module).text) ? path : "";
}

// Of a thread's stack beside what tiles take: the thread's own data in libc, static thread-local
// variables of the program, and the functions of base/pool.cpp.
constexpr int64_t kThreadsOwn = 48 << 10;
constexpr int64_t kPage = 4096;

// What a worker sends: time and length of the Stmt in two columns, the Stmt, the bitcode.
constexpr size_t kColumn = 20;

std::string packed_work(const ir::Graph& kernel, const CompileOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  std::string stmt;
  const std::string bitcode =
      kernel_bitcode(kernel, options.target, options.keep_text ? &stmt : nullptr);
  const std::chrono::nanoseconds time = std::chrono::steady_clock::now() - start;
  return fmt::format("{:{}}{:{}}{}", time.count(), kColumn, stmt.size(), kColumn, stmt) + bitcode;
}

std::string unpack_work(const std::string& packed, KernelWork& work) {
  work.time = std::chrono::nanoseconds(std::stoll(packed.substr(0, kColumn)));
  const auto length = static_cast<size_t>(std::stoll(packed.substr(kColumn, kColumn)));
  work.stmt = packed.substr(2 * kColumn, length);
  return packed.substr(2 * kColumn + length);
}

// Adds the time from its construction to its end to the stages.
class StageTimer {
public:
  StageTimer(Compiled& compiled, std::string name)
      : compiled_(compiled), index_(compiled.stages.size()) {
    compiled.stages.push_back({std::move(name), {}});
  }
  ~StageTimer() { compiled_.stages[index_].time = std::chrono::steady_clock::now() - start_; }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

private:
  Compiled& compiled_;
  size_t index_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<std::vector<std::string>, Failure>
make_bitcode(const std::vector<KernelSymbols::Kernel>& kernels, const CompileOptions& options,
             Compiled& compiled) {
  const StageTimer timer(compiled, "Halide");
  std::vector<std::string> out(kernels.size());
  for (const KernelSymbols::Kernel& kernel : kernels)
    compiled.work.push_back({kernel.graph->name, kernel.symbol, kernel.body, false, {}, ""});
  std::vector<std::string> keys(kernels.size());
  std::vector<size_t> missing;
  for (size_t i = 0; i < kernels.size(); ++i) {
    if (shift_in_place(*kernels[i].graph)) continue;  // no bitcode: emitted with the entries
    if (options.cache) {
      keys[i] = kernel_key(*kernels[i].graph, options.target);
      // The cache keeps no Stmt.
      if (auto known = options.keep_text ? std::nullopt : options.cache->find(keys[i])) {
        out[i] = std::move(*known);
        compiled.work[i].cached = true;
        continue;
      }
    }
    missing.push_back(i);
  }
  const auto tell = [&](size_t done) {
    if (options.progress && !missing.empty())
      options.progress(fmt::format("compiling {} kernels", missing.size()), done, missing.size());
  };
  tell(0);
  const auto results = run_forked(
      missing.size(), options.jobs,
      [&](size_t job) { return packed_work(*kernels[missing[job]].graph, options); }, tell);
  for (size_t job = 0; job < results.size(); ++job) {
    const size_t i = missing[job];
    const ir::Graph& kernel = *kernels[i].graph;
    if (!results[job].ok) {
      const std::string path = write_reproducer(kernel);
      return tl::unexpected(
          Failure{Status::kBug, fmt::format("kernel @{}: {}", kernel.name, results[job].output),
                  path.empty() ? "" : fmt::format("reproduce it with: linnet kernel {}", path)});
    }
    out[i] = unpack_work(results[job].output, compiled.work[i]);
    if (options.cache) options.cache->store(keys[i], out[i]);
  }
  return out;
}

std::string bitcode_of(const llvm::Module& module) {
  std::string bytes;
  llvm::raw_string_ostream out(bytes);
  llvm::WriteBitcodeToFile(module, out);
  return bytes;
}

std::string text_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out, nullptr);
  return text;
}

class Compilation {
public:
  Compilation(std::span<const ir::Module> modules, const CompileOptions& options)
      : modules_(modules), options_(options), entries_(entry_infos(modules, options)),
        sharded_(options.product ? std::nullopt : ShardedStep::among(entries_, options)),
        raw_(is_library() ? raw_functions(entries_, options.name) : std::vector<RawFunction>{}),
        kernels_(modules, options.name,
                 taken_symbols(entries_, ports_of(modules.back()), options.name)) {}

  Result<Compiled, Failure> run() {
    LINNET_TRY_ASSIGN(const auto bitcode, make_bitcode(kernels_.kernels(), options_, out_));
    out_.name = options_.name;
    out_.target = options_.target.info.name;
    out_.record = options_.target.record;
    out_.debug_symbols = options_.debug_symbols;
    set_sizes(out_, entries_, raw_);
    if (sharded_) out_.arena_bytes = std::max(out_.arena_bytes, sharded_->whole().arena_bytes);
    build(bitcode, 0);
    if (options_.product && !options_.trainer) {
      // The stack's size is known once the code is, and is written into the finished object; only
      // texts are worth the same code again with the number in it.
      if (options_.keep_text) build(bitcode, out_.stack_bytes);
      set_product_stack(out_.object, out_.stack_bytes);
    }
    if (options_.threads > 1) {
      out_.thread_bytes = round_up(out_.stack_bytes + kThreadsOwn, kPage);
      if (out_.record.architecture == Architecture::kAArch64)  // glibc's PTHREAD_STACK_MIN there
        out_.thread_bytes = std::max<int64_t>(out_.thread_bytes, 128 << 10);
      set_thread_bytes(out_.object, options_, out_.thread_bytes);
    }
    // Weights pass through neither Halide nor LLVM.
    if (auto blob = pool_.take_blob(); !blob.empty())
      out_.constants = constants_object(std::move(blob), blob_symbol(options_), options_.target);
    LINNET_TRY(addressable(options_.target, std::max(out_.arena_bytes, out_.step_arena_bytes) +
                                                static_cast<int64_t>(out_.constants.size())));
    if (options_.trainer) {
      const std::vector<EntryInfo> shown = sharded_ ? sharded_->shown(entries_) : entries_;
      out_.header = training_header(modules_.front(), shown, out_, options_);
      if (options_.es_module) {
        out_.stack_bytes = stack_bytes_of_all(frames_);
        LINNET_TRY(add_es_trainer(out_, modules_.front(), shown, options_));
      }
      return std::move(out_);
    }
    const std::vector<HeaderEntry> header = header_entries(entries_, raw_);
    out_.header = c_header(header, out_, options_);
    if (options_.es_module) LINNET_TRY(add_es_module(out_, header, options_));
    return std::move(out_);
  }

private:
  // For callers in C: what serves only them is in no executable.
  [[nodiscard]] bool is_library() const { return !options_.product && !options_.trainer; }

  void build(const std::vector<std::string>& bitcode, int64_t known_stack) {
    llvm::LLVMContext context;
    llvm::Module module(options_.name, context);
    {
      const StageTimer timer(out_, "LLVM, kernels and entries into one module");
      link(module, bitcode, known_stack);
    }
    // Who wants texts needs the module optimised, not only its object.
    Cache* cache = options_.keep_text ? nullptr : options_.cache;
    const std::string key = cache ? object_key(bitcode_of(module), options_.target) : "";
    if (const auto known = cache ? cache->find(key) : std::nullopt) {
      from_entry(*known);
    } else {
      generate(module);
      if (cache) cache->store(key, entry());
    }
    const auto sizes = code_sizes(out_.object, options_.target);
    out_.kernels.clear();
    for (const KernelSymbols::Kernel& kernel : kernels_.kernels()) {
      const auto size = sizes.find(kernel.symbol);
      if (size == sizes.end()) continue;
      out_.kernels.push_back(
          {kernel.graph->name, kernel.symbol, kernel.hash, size->second, frames_[kernel.symbol]});
    }
  }

  // Kernels and entry functions, not yet optimised.
  void link(llvm::Module& module, const std::vector<std::string>& bitcode, int64_t known_stack) {
    const std::vector<KernelSymbols::Kernel>& kernels = kernels_.kernels();
    llvm::LLVMContext& context = module.getContext();
    llvm::Linker linker(module);
    for (size_t i = 0; i < kernels.size(); ++i) {
      if (bitcode[i].empty()) continue;
      auto kernel = import_kernel(context, bitcode[i], kernels[i].body, options_.target);
      if (module.getDataLayoutStr().empty()) module.setDataLayout(kernel->getDataLayout());
      // Internal functions are not linked on demand: made visible for the moment.
      kernel->getFunction(kernels[i].body)->setLinkage(llvm::GlobalValue::ExternalLinkage);
      LINNET_CHECK(!linker.linkInModule(std::move(kernel)), "bitcode does not link");
      module.getFunction(kernels[i].body)->setLinkage(llvm::GlobalValue::InternalLinkage);
    }
    emit_entries(module, kernels_, entries_, options_, pool_);
    if (options_.flush_denormals) {
      for (const EntryInfo& entry : entries_)
        flush_denormals(module, entry.function, options_.target.record);
    }
    if (sharded_) sharded_->emit(module);
    emit_supported(module, options_);
    if (const EntryInfo* step = step_of(entries_)) emit_stream(module, *step, options_);
    if (is_library()) emit_units(module, ports_of(modules_.back()), options_);
    for (const RawFunction& raw : raw_) {
      emit_raw(module, *raw.entry, raw.ports, raw.raw, options_, raw.name, raw.strided);
      if (is_step(*raw.entry))
        emit_raw_steps(module, raw.raw, options_, raw.name, options_.name + "_steps_raw");
    }
    emit_tiles(module, options_);
    if (options_.threads > 1) emit_threads(module, options_);
    if (options_.product && options_.trainer) {
      emit_trainer(module, modules_.front(), entries_, *options_.trainer, options_);
    } else if (options_.product) {
      emit_product(module, modules_, entries_, options_, known_stack);
    }
    set_target_attributes(module, options_.target);
    if (!options_.debug_symbols) return;
    for (llvm::Function& function : module) {
      if (!function.isDeclaration()) function.setUWTableKind(llvm::UWTableKind::Async);
    }
  }

  void generate(llvm::Module& module) {
    if (options_.progress) options_.progress("optimising", 0, 0);
    if (options_.keep_text) out_.llvm_before = text_of(module);
    {
      const StageTimer timer(out_, "LLVM, optimising");
      optimize(module, options_.target);
    }
    if (options_.keep_text) {
      // Who reads assembly beside LLVM IR knows a block by its name (codegen/inspect).
      for (llvm::Function& function : module) {
        for (llvm::BasicBlock& block : function) {
          if (!block.hasName()) block.setName("block");
        }
      }
      out_.llvm = text_of(module);
    }
    {
      const StageTimer timer(out_, "LLVM, machine code");
      out_.object = emit_object(module, options_.target, Emit::kObject, &frames_);
    }
    // Tiles of a training step are called through a pointer; its caller is a thread with room.
    if (!options_.trainer) out_.stack_bytes = stack_bytes(module, frames_);
    if (options_.keep_text) {
      const auto assembly = emit_object(module, options_.target, Emit::kAssembly);
      out_.assembly.assign(reinterpret_cast<const char*>(assembly.data()), assembly.size());
    }
  }

  // What generate() finds out, in one entry of the cache: the stack's bytes, how many functions
  // there are, a line for the frame of each, then the object.
  [[nodiscard]] std::string entry() const {
    std::string bytes = fmt::format("{:20}{:20}", out_.stack_bytes, frames_.size());
    for (const auto& [name, frame] : frames_)
      bytes += fmt::format("{} {}\n", name, frame);
    bytes.append(reinterpret_cast<const char*>(out_.object.data()), out_.object.size());
    return bytes;
  }
  void from_entry(std::string_view bytes) {
    const auto number = [&](size_t at) {
      return std::stoll(std::string(bytes.substr(at, kColumn)));
    };
    out_.stack_bytes = number(0);
    const int64_t frames = number(kColumn);
    bytes.remove_prefix(2 * kColumn);
    frames_.clear();
    for (int64_t i = 0; i < frames; ++i) {
      const std::string_view line = bytes.substr(0, bytes.find('\n'));
      const size_t space = line.find(' ');
      frames_[std::string(line.substr(0, space))] = std::stoll(std::string(line.substr(space + 1)));
      bytes.remove_prefix(line.size() + 1);
    }
    const auto* object = reinterpret_cast<const std::byte*>(bytes.data());
    out_.object.assign(object, object + bytes.size());
  }

  std::span<const ir::Module> modules_;
  const CompileOptions& options_;
  Compiled out_;
  std::vector<EntryInfo> entries_;
  std::optional<ShardedStep> sharded_;  // of a library whose step has shards
  std::vector<RawFunction> raw_;        // of callers in C; none in an executable
  KernelSymbols kernels_;
  ConstantPool pool_;
  Frames frames_;
};

}  // namespace

Result<Compiled, Failure> compile(std::span<const ir::Module> modules,
                                  const CompileOptions& options) {
  LINNET_CHECK(!modules.empty(), "nothing to compile");
  return Compilation(modules, options).run();
}

}  // namespace linnet::codegen
