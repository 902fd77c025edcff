#include "cli/build.h"

#include "base/io/file.h"
#include "base/text.h"
#include "cli/help.h"
#include "cli/text_table.h"
#include "cli/tiny_weights.h"
#include "codegen/cache/cache.h"
#include "codegen/cache/hash.h"
#include "codegen/emit/trainer_info.h"
#include "ir/data_kind.h"
#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"
#include "ir/print.h"
#include "ir/summary.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"
#include "passes/training/first_values.h"
#include "passes/training/loss_gradients.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <sys/stat.h>

namespace linnet::cli {
namespace {

// Of the module's text and the bytes of what it names: the same model gives the same hash,
// wherever its file lies.
std::string model_hash(const ir::Module& module) {
  ir::Module bare = module;
  for (ir::Slot& slot : bare.slots)
    slot.value.reset();
  return codegen::sha256(ir::print(bare).text);
}

std::string weights_hash(const ir::Module& module) {
  codegen::LargeHash hash;
  bool any = false;
  for (const ir::Slot& slot : module.slots) {
    if (!slot.value) continue;
    any = true;
    hash.update(slot.path + to_string(slot.value->type()));
    const auto data = slot.value->bytes();
    hash.update({reinterpret_cast<const char*>(data.data()), data.size()});
  }
  return any ? hash.hexadecimal() : "";
}

// Generated code counts elements in 32 bits: a larger tensor can be checked, but not compiled.
bool refuse_size(Session& session, const ir::Module& module) {
  constexpr int64_t kMostBytes = (int64_t{1} << 31) - 1;
  bool any = false;
  for (const ir::Graph& graph : module.graphs) {
    for (const ir::Value& value : graph.values()) {
      if (value.type.stored_bytes() <= kMostBytes) continue;
      Diagnostic diagnostic;
      if (value.node) diagnostic.place = graph.node(value.node).place.diag();
      diagnostic.message = fmt::format("%{} is {}, more than the 2 GiB a compiled tensor may have",
                                       value.name, to_string(value.type));
      diagnostic.status = Status::kUnsupported;
      session.diagnostics.report(std::move(diagnostic));
      any = true;
    }
  }
  return any;
}

// Does dimension 0 of every input and output follow the batch, of one sample here and of `batch`
// there?
bool is_batched(const ir::Module& one, const ir::Module& many, int64_t batch) {
  const ir::Graph& a = one.graphs.front();
  const ir::Graph& b = many.graphs.front();
  const auto follows = [batch](const ir::Type& x, const ir::Type& y) {
    if (x.shape.empty() || x.shape.size() != y.shape.size()) return false;
    return x.shape[0] == 1 && y.shape[0] == batch &&
           std::equal(x.shape.begin() + 1, x.shape.end(), y.shape.begin() + 1);
  };
  bool all = !a.inputs.empty() && a.inputs.size() == b.inputs.size();
  for (size_t i = 0; all && i < a.inputs.size(); ++i) {
    all = !a.inputs[i].slot.empty() ||
          follows(a.value(a.inputs[i].value).type, b.value(b.inputs[i].value).type);
  }
  for (size_t i = 0; all && i < a.outputs.size(); ++i)
    all = follows(a.value(a.outputs[i].value).type, b.value(b.outputs[i].value).type);
  return all;
}

// False, with the reason reported, on failure. A cache that was asked for and cannot be had is an
// error, one that takes no new entries worth a warning. Without the user's own, all goes on as
// ever, and only what looks like an attack is mentioned.
bool compile_modules(Session& session, const BuildOptions& options, codegen::CompileOptions compile,
                     Built& built) {
  std::optional<codegen::Cache> cache;
  if (!options.cache.empty()) {
    auto opened = codegen::Cache::open(options.cache);
    if (!opened) {
      session.error("--cache " + opened.error(), Status::kMachine);
      return false;
    }
    cache.emplace(std::move(*opened));
  } else if (!options.no_cache) {
    auto opened = codegen::Cache::open_own();
    if (opened) {
      cache.emplace(std::move(*opened));
    } else if (!opened.error().empty()) {
      session.diagnostics.report({.severity = Severity::kWarning,
                                  .place = {},
                                  .message = "no cache is used: " + opened.error(),
                                  .remedy = "make it your own folder, or say --no-cache"});
    }
  }
  if (cache) compile.cache = &*cache;
  compile.progress = [&session](std::string_view what, size_t done, size_t total) {
    done == 0 ? session.progress.phase(std::string(what), total) : session.progress.done(done);
  };
  if (const auto failure = codegen::compile(built.modules, compile, built.compiled)) {
    report(session, *failure);
    return false;
  }
  for (const codegen::KernelWork& work : built.compiled.work)
    session.time("Halide, @" + work.name + (work.cached ? " (in the cache)" : ""), work.time);
  for (const codegen::StageTime& stage : built.compiled.stages)
    session.time(stage.name == "Halide" ? "Halide, all kernels side by side" : stage.name,
                 stage.time);
  if (cache && !cache->trouble().empty()) {
    session.diagnostics.report(
        {.severity = Severity::kWarning,
         .place = {},
         .message = (options.cache.empty() ? "the cache " : "--cache ") + cache->trouble(),
         .remedy = "the result is right; the kernels will be compiled again next time"});
  }
  return true;
}

// Of a file just written, for people.
std::string size_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return "? bytes";
  return size_text(status.st_size);
}

}  // namespace

void mark_probabilities(ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  for (const ir::GraphOutput& output : graph.outputs) {
    const ir::Node* node = graph.producer(passes::view_root(graph, output.value));
    if (!node || node->op != &ir::ops::softmax) continue;
    const ir::Shape& shape = graph.value(node->results.front()).type.shape;
    const auto dim = ir::one_dim(node->attrs, shape.size());
    if (!dim || shape[*dim] != graph.value(output.value).type.shape.back()) continue;
    for (ir::Declaration& declaration : module.data) {
      if (declaration.target == output.name) declaration.recipe.attrs.set(ir::kProbabilities, true);
    }
  }
}

void add_cache(CLI::App& command, BuildOptions& options) {
  const TitledOptions title(command, "Compilation options");
  auto* folder =
      command.add_option("--cache", options.cache, "Cache folder instead of ~/.cache/linnet")
          ->type_name("DIR");
  command.add_flag("--no-cache", options.no_cache, "Neither read nor write the cache")
      ->excludes(folder);
}

std::string c_identifier(const std::string& name) {
  std::string result;
  for (unsigned char c : name)
    result += std::isalnum(c) ? static_cast<char>(c) : '_';
  if (result.empty() || std::isdigit(static_cast<unsigned char>(result.front())))
    result.insert(0, "model_");
  return result;
}

void report(Session& session, const codegen::Failure& failure) {
  session.error(failure.message, failure.status, failure.remedy);
}

std::optional<Built> build(Session& session, const ModelOptions& model, const PipelineFlags& flags,
                           const BuildOptions& options) {
  const Working working(session, "reading " + model.path);
  const auto target = model.find_target(session);
  if (!target) return std::nullopt;
  auto module = model.load(session, model.batch);
  if (!module || refuse_size(session, *module)) return std::nullopt;
  std::vector<ir::Module> modules;
  modules.push_back(std::move(*module));
  // A state is of so many streams: no entry of another batch could use it.
  bool batched = false;
  if (!passes::has_state(modules.front()) && !model.path.ends_with(".lir")) {
    auto other = model.try_load(model.batch == 1 ? 2 : 1);
    batched = other && (model.batch == 1 ? is_batched(modules.front(), *other, 2)
                                         : is_batched(*other, modules.front(), model.batch));
    // Samples that do not fill a batch are computed one by one.
    if (batched && model.batch != 1) modules.push_back(std::move(*other));
  }
  for (ir::Module& each : modules)
    mark_probabilities(each);
  const ir::Module& single = modules.back();
  if (options.name_tiny_weights) report_tiny_weights(session, single);
  Built built;
  built.target = *target;
  codegen::CompileOptions compile;
  compile.name = options.name.empty() ? c_identifier(single.name) : options.name;
  compile.target = *target;
  compile.jobs = options.jobs;
  compile.product = options.product;
  compile.keep_text = options.keep_text;
  compile.timed_entries = options.timed_entries;
  compile.flush_denormals = options.flush_denormals;
  compile.debug_symbols = options.debug_symbols;
  compile.model_hash = model_hash(single);
  compile.weights_hash = weights_hash(single);
  compile.untrained = built.untrained = single.untrained();
  compile.flops = built.flops = 2 * ir::summarize(single).multiply_adds;
  compile.seed = model.seed;
  compile.batched = batched;
  for (ir::Module& each : modules) {
    auto planned = flags.run(session, std::move(each), *target, model.seed);
    if (!planned || !flags.complete(session, *planned)) return std::nullopt;
    built.modules.push_back(std::move(*planned));
  }
  if (!compile_modules(session, options, compile, built)) return std::nullopt;
  built.compiled.link_static = options.link_static;
  return built;
}

std::optional<Built> build_trainer(Session& session, const ModelOptions& given,
                                   const PipelineFlags& flags, const BuildOptions& options,
                                   int64_t batch) {
  ModelOptions model = given;
  model.training = true;
  const Working working(session, "reading " + model.path);
  const auto target = model.find_target(session);
  auto single = model.load(session, 1);
  if (!target || !single) return std::nullopt;
  if (batch == 0) {
    const ir::Declaration* declared = single->training("batch");
    batch =
        declared ? static_cast<int64_t>(declared->recipe.attrs.get(ir::Key<double>{"value"})) : 32;
  }
  const codegen::TrainerInfo info = codegen::trainer_info(*single, batch);
  Built built;
  built.target = *target;
  codegen::CompileOptions compile;
  compile.name = options.name.empty() ? c_identifier(single->name) : options.name;
  compile.target = *target;
  compile.jobs = options.jobs;
  compile.product = options.product;
  compile.keep_text = options.keep_text;
  compile.timed_entries = options.timed_entries;
  compile.trainer = &info;
  compile.trainer_main = options.trainer_main;
  compile.batched = true;
  compile.model_hash = model_hash(*single);
  compile.flops = built.flops = 2 * ir::summarize(*single).multiply_adds;
  std::vector<ir::Module> modules;
  auto whole = batch == 1 ? std::optional(*single) : model.load(session, batch);
  if (!whole) return std::nullopt;
  modules.push_back(std::move(*whole));
  const auto without_step = [](ir::Module& module) {
    std::erase_if(module.graphs, [](const ir::Graph& g) { return g.name == ir::kTrainStep; });
  };
  if (options.evaluate_only) without_step(modules.front());
  if (batch != 1) {
    without_step(*single);
    modules.push_back(std::move(*single));
  }
  for (ir::Module& module : modules) {
    if (refuse_size(session, module)) return std::nullopt;
    PipelineFlags threaded = flags;
    threaded.threads = !options.training_library;
    const auto rows = passes::pipeline();
    const auto differentiate = std::ranges::find(rows, "differentiate", &passes::Pass::name);
    const auto lowering = differentiate + 1;
    auto planned = threaded.run(session, std::move(module), *target, model.seed,
                                {rows.begin(), differentiate});
    if (planned && options.gradients) passes::append_gradients_graph(*planned);
    if (planned)
      planned = threaded.run(session, std::move(*planned), *target, model.seed,
                             {differentiate, lowering});
    if (planned && options.training_library && planned->graph(ir::kTrainStep)) {
      if (const auto slots = passes::append_first_values(*planned); !slots.empty()) {
        session.error(
            fmt::format("a training library cannot initialise {}", fmt::join(slots, ", ")),
            Status::kUnsupported,
            "truncated_normal and orthogonal are not compiled: --emit exe has them");
        return std::nullopt;
      }
    }
    if (planned)
      planned =
          threaded.run(session, std::move(*planned), *target, model.seed, {lowering, rows.end()});
    if (!planned || !flags.complete(session, *planned)) return std::nullopt;
    built.modules.push_back(std::move(*planned));
  }
  if (!compile_modules(session, options, compile, built)) return std::nullopt;
  return built;
}

Status write_product(Session& session, const codegen::Compiled& compiled, const std::string& emit,
                     const std::string& name, const std::string& given) {
  const std::string path = !given.empty()     ? given
                           : emit == "lib"    ? "lib" + name + ".a"
                           : emit == "shared" ? "lib" + name + ".so"
                           : emit == "obj"    ? name + ".o"
                                              : name;
  const Working working(session, "linking " + path);
  const auto linking = Progress::Clock::now();
  std::optional<codegen::Failure> failure;
  if (emit == "exe") failure = link_executable(compiled, path);
  if (emit == "lib") failure = write_archive(compiled, path);
  if (emit == "shared") failure = link_shared(compiled, path);
  if (emit == "obj") failure = write_objects(compiled, path);
  if (failure) {
    report(session, *failure);
    return failure->status;
  }
  session.time("linking and writing " + path, Progress::Clock::now() - linking);
  const std::string seconds = fmt::format(
      "{:.2f} s", std::chrono::duration<double>(Progress::Clock::now() - session.started).count());
  session.closing = fmt::format("{}  {}  {}  {}", path, size_of(path), compiled.target, seconds);
  if (emit == "exe") return Status::kDone;
  const std::string folder(folder_prefix(path));
  const auto written = runtime::write_file(folder + name + ".h", compiled.header);
  if (written) {
    session.closing = fmt::format("{} and {}{}.h  {}  {}  {}", path, folder, name, size_of(path),
                                  compiled.target, seconds);
    return Status::kDone;
  }
  session.error(written.error().message, written.error().status);
  return Status::kMachine;
}

std::optional<LoadedTrainer> load_trainer(Session& session, const Built& built) {
  if (!codegen::runs_here(built.target)) {
    session.error("this CPU lacks instructions of " + built.target.info.name, Status::kMachine,
                  "leave --target out, or name one this machine has");
    return std::nullopt;
  }
  codegen::Failure failure;
  LoadedTrainer loaded{codegen::load(built.compiled, failure), nullptr};
  if (!loaded.code) {
    report(session, failure);
    return std::nullopt;
  }
  loaded.trainer =
      static_cast<const linnet_trainer_v1*>(loaded.code->symbol("linnet_product_trainer"));
  LINNET_CHECK(loaded.trainer != nullptr, "the object has no linnet_product_trainer");
  return loaded;
}

}  // namespace linnet::cli
