// Planned modules to code, and code to files or into this process.
#include "driver/product.h"

#include "base/io/file.h"
#include "base/text.h"
#include "codegen/cache/cache.h"
#include "codegen/cache/hash.h"
#include "codegen/emit/header.h"
#include "codegen/object/product_runtime.h"
#include "codegen/source/c_source.h"
#include "ir/print.h"
#include "ir/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace linnet::driver {
namespace {

// Of the module's text and the bytes of what it names: the same model gives the same hash,
// wherever its file lies.
std::string model_hash(const ir::Module& module) {
  ir::Module bare = module;
  for (ir::Slot& slot : bare.slots)
    slot.value.reset();
  return codegen::sha256(ir::print(bare).text);
}

void report(const codegen::Failure& failure, const Host& host) {
  host.error(failure.message, failure.status, failure.remedy);
}

// False, with an error, if the cache that was asked for cannot be had; `cache` stays empty if there
// is to be none.
bool open_cache(const Options& options, std::optional<codegen::Cache>& cache, const Host& host) {
  if (!options.cache.empty()) {
    auto opened = codegen::Cache::open(options.cache);
    if (!opened) {
      host.error("--cache " + opened.error(), Status::kMachine);
      return false;
    }
    cache.emplace(std::move(*opened));
  } else if (!options.no_cache) {
    auto opened = codegen::Cache::open_own();
    if (opened) {
      cache.emplace(std::move(*opened));
    } else if (!opened.error().empty()) {
      host.warning("no cache is used: " + opened.error(),
                   "make it your own folder, or say --no-cache");
    }
  }
  return true;
}

}  // namespace

bool runs(const codegen::Target& target, const Host& host) {
  if (codegen::runs_here(target)) return true;
  const bool kin = target.record.level > 0 && target.record.products != 0;  // x86-64 Linux
  host.error(kin ? "this CPU lacks instructions of " + target.info.name
                 : fmt::format("code for {} does not run on this machine", target.info.name),
             Status::kMachine, "leave --target out, or name one this machine has");
  return false;
}

bool has_runtime(const codegen::Target& target, const Host& host) {
  const codegen::TargetRecord& record = target.record;
  if (codegen::product_runtime(record).exists()) return true;
  host.error(fmt::format("this linnet was built without the run-time for {}", record.name),
             Status::kMachine,
             fmt::format("install {} and build it again, or use --emit lib, which needs none",
                         record.package));
  return false;
}

std::string c_identifier(const std::string& name) {
  return codegen::c_name(name, "model_");
}

bool sizes_fit(const ir::Module& module, const Host& host) {
  constexpr int64_t kMostBytes = (int64_t{1} << 31) - 1;
  bool fit = true;
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Value& value : graph.values()) {
      if (value.type.stored_bytes() <= kMostBytes) continue;
      Diagnostic diagnostic;
      if (value.node) diagnostic.place = graph.node(value.node).place.diag();
      diagnostic.message = fmt::format("%{} is {}, more than the 2 GiB a compiled tensor may have",
                                       value.name, to_string(value.type));
      diagnostic.status = Status::kUnsupported;
      host.diagnostics.report(std::move(diagnostic));
      fit = false;
    }
  }
  return fit;
}

codegen::CompileOptions code_options(const Options& options, const codegen::Target& target,
                                     const ir::Module& single) {
  codegen::CompileOptions code;
  code.name = options.name.empty() ? c_identifier(single.name) : options.name;
  code.target = target;
  code.jobs = options.jobs;
  code.product = options.product;
  code.es_module = options.es_module;
  code.keep_text = options.keep_text;
  code.timed_entries = options.timed_entries;
  code.debug_symbols = options.debug_symbols;
  code.model_hash = model_hash(single);
  code.flops = 2 * ir::summarize(single).multiply_adds;
  return code;
}

bool generate(Product& product, codegen::CompileOptions code, const Options& options,
              const Host& host) {
  std::optional<codegen::Cache> cache;
  if (!open_cache(options, cache, host)) return false;
  if (cache) code.cache = &*cache;
  code.progress = host.progress;
  auto compiled = codegen::compile(product.modules, code);
  if (!compiled) {
    report(compiled.error(), host);
    return false;
  }
  product.compiled = *std::move(compiled);
  for (const codegen::KernelWork& work : product.compiled.work)
    host.took("Halide, @" + work.name + (work.cached ? " (in the cache)" : ""), work.time);
  for (const codegen::StageTime& stage : product.compiled.stages)
    host.took(stage.name == "Halide" ? "Halide, all kernels side by side" : stage.name, stage.time);
  if (cache && !cache->trouble().empty())
    host.warning((options.cache.empty() ? "the cache " : "--cache ") + cache->trouble(),
                 "the result is right; the kernels will be compiled again next time");
  product.compiled.link = options.link;
  return true;
}

bool write_source(Product& product, const codegen::CompileOptions& code, const Host& host) {
  if (const auto fault = codegen::not_in_c(product.modules)) {
    host.diagnostics.report({.severity = Severity::kError,
                             .place = fault->place.diag(),
                             .message = "--emit c: " + fault->what,
                             .remedy = "--emit lib makes machine code of it",
                             .notes = {},
                             .status = Status::kUnsupported});
    return false;
  }
  host.working("writing C");
  auto compiled = codegen::c_source(product.modules, code);
  if (!compiled) {
    report(compiled.error(), host);
    return false;
  }
  product.compiled = *std::move(compiled);
  return true;
}

namespace {

std::string default_path(Emit emit, const std::string& name) {
  switch (emit) {
  case Emit::kExecutable:
    return name;
  case Emit::kLibrary:
    return "lib" + name + ".a";
  case Emit::kShared:
    return "lib" + name + ".so";
  case Emit::kObject:
    return name + ".o";
  case Emit::kWasm:
    return name + ".wasm";
  case Emit::kSource:
    return name + ".c";
  }
  return name;
}

Result<void, codegen::Failure> write_source_file(const codegen::Compiled& compiled,
                                                 const std::string& path) {
  const auto done = write_file(path, compiled.source);
  if (done) return {};
  return tl::unexpected(codegen::Failure{done.error().status, done.error().message, ""});
}

Result<void, codegen::Failure> emit_to(Emit emit, const codegen::Compiled& compiled,
                                       const std::string& path) {
  switch (emit) {
  case Emit::kExecutable:
    return link_executable(compiled, path);
  case Emit::kLibrary:
    return write_archive(compiled, path);
  case Emit::kShared:
    return link_shared(compiled, path);
  case Emit::kObject:
    return write_objects(compiled, path);
  case Emit::kWasm:
    return write_wasm(compiled, path);
  case Emit::kSource:
    return write_source_file(compiled, path);
  }
  return {};
}

// The lines of a header that say for which target and batch its sizes hold.
std::string sizes_of(std::string_view header) {
  const std::string_view first = header.substr(0, header.find('\n'));
  const size_t batch = std::min(header.find("_BATCH "), header.size());
  return std::string(first.substr(0, first.find(", untrained"))) +
         std::string(header.substr(batch, header.find('\n', batch) - batch));
}

// A header that is replaced may belong to a library that stays.
void warn_of_another(const std::string& path, std::string_view header, const Host& host) {
  const auto bytes = file_exists(path) ? read_file(path) : Result<std::vector<uint8_t>>();
  if (!bytes || bytes->empty()) return;
  const std::string_view before(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (!before.starts_with("/* Model ") || sizes_of(before) == sizes_of(header)) return;
  host.warning(fmt::format("{} was of another target or batch, and is replaced", path),
               "a folder or a --name of its own keeps the header of each product");
}

// What to say in place of an --emit that is not made.
std::string instead_of(Emit emit, const codegen::Target& target) {
  if (emit == Emit::kWasm) return "leave --target out, or name wasm32-simd128 or wasm32";
  if (target.makes(codegen::kWasmModule)) return "--emit wasm; or lib or obj, for a linker";
  if (target.record.compiler.empty())
    return "--emit lib or obj; `linnet targets` shows what is made for which";
  const std::string_view flags = target.record.flags;
  return fmt::format("--emit lib, and link it: {} {}{}main.c libNAME.a", target.record.compiler,
                     flags, flags.empty() ? "" : " ");
}

}  // namespace

std::string_view word(Emit emit) {
  return std::ranges::find(kEmits, emit, &decltype(kEmits)::value_type::second)->first;
}

bool can_make(Emit emit, const codegen::Target& target, const Host& host) {
  const codegen::TargetRecord& record = target.record;
  const bool made = (emit != Emit::kExecutable || target.makes(codegen::kExecutable)) &&
                    (emit != Emit::kShared || target.makes(codegen::kSharedLibrary)) &&
                    (emit != Emit::kWasm || target.makes(codegen::kWasmModule));
  if (made) return emit != Emit::kExecutable || has_runtime(target, host);
  host.error(fmt::format("--emit {} is not made for {}", word(emit), record.name),
             Status::kUnsupported, instead_of(emit, target));
  return false;
}

std::optional<Written> write(const codegen::Compiled& compiled, Emit emit, const std::string& name,
                             const std::string& given, const Host& host) {
  Written written{given.empty() ? default_path(emit, name) : given, ""};
  if (emit == Emit::kWasm)
    written.header = std::string(without_suffix(written.path, ".wasm")) + ".mjs";
  else if (emit != Emit::kExecutable)
    written.header = std::string(folder_prefix(written.path)) + name + ".h";
  if (written.header == written.path) {
    host.error(fmt::format("-o {}: the header beside it is called so", written.path),
               Status::kBadCall, fmt::format("-o {}", default_path(emit, name)));
    return std::nullopt;
  }
  host.working("linking " + written.path);
  const auto start = std::chrono::steady_clock::now();
  if (const auto done = emit_to(emit, compiled, written.path); !done) {
    report(done.error(), host);
    return std::nullopt;
  }
  host.took("linking and writing " + written.path, std::chrono::steady_clock::now() - start);
  if (emit == Emit::kExecutable || emit == Emit::kWasm) return written;
  warn_of_another(written.header, compiled.header, host);
  if (const auto done = write_file(written.header, compiled.header); !done) {
    host.error(done.error().message, done.error().status);
    return std::nullopt;
  }
  return written;
}

std::unique_ptr<codegen::Loaded> load(const Product& product, const Host& host) {
  if (!runs(product.target, host)) return nullptr;
  auto loaded = codegen::load(product.compiled);
  if (loaded) return *std::move(loaded);
  report(loaded.error(), host);
  return nullptr;
}

}  // namespace linnet::driver
