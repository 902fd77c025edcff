// A model in, a product out: read it from top to bottom.
#include "driver/compile.h"

#include "codegen/cache/hash.h"
#include "driver/software_doubles.h"
#include "driver/tiny_weights.h"
#include "ir/data_kind.h"
#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"
#include "passes/lib/view_root.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::driver {
namespace {

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

// Has one of them a kernel whose tiles are shared among threads?
bool shares_tiles(const std::vector<ir::Module>& modules) {
  return std::ranges::any_of(modules, [](const ir::Module& module) {
    return std::ranges::any_of(module.kernels, [](const ir::Graph& kernel) {
      return kernel.schedule && passes::has_threads(*kernel.schedule);
    });
  });
}

// False, with an error, if portable C or the target has no such thing. Asked before any work.
bool accepts(const codegen::Target& target, const CompileOptions& options, const Host& host) {
  if (options.here && !runs(target, host)) return false;
  const bool threads = options.passes.threads > 1;
  std::string fault;
  if (options.source && (threads || options.flush_denormals)) {
    fault = fmt::format("--emit c: {} is not for portable C",
                        threads ? "--threads" : "--flush-denormals");
  } else if (threads && !target.makes(codegen::kExecutable)) {
    fault = fmt::format("--threads: the pool of threads is not made for {}", target.record.name);
  } else if (options.flush_denormals && !target.record.flushes_denormals()) {
    fault = fmt::format("--flush-denormals: {} has no such switch", target.record.name);
  }
  if (fault.empty()) return !threads || has_runtime(target, host);
  host.error(std::move(fault), Status::kUnsupported, "leave it out");
  return false;
}

// Of the model as it was written for each number of samples, largest first.
std::optional<Product> compile_modules(std::vector<ir::Module> modules, bool batched,
                                       const codegen::Target& target, const CompileOptions& options,
                                       const Host& host) {
  for (ir::Module& module : modules)
    mark_probabilities(module);

  // What is said of it in the product, and what code is to be made.
  const ir::Module& single = modules.back();
  if (options.name_tiny_weights) report_tiny_weights(single, host);
  if (options.passes.remarks) report_software_doubles(single, target.record, host);
  codegen::CompileOptions code = code_options(options, target, single);
  code.weights_hash = weights_hash(single);
  code.untrained = single.untrained();
  code.batched = batched;
  code.seed = options.seed;
  code.flush_denormals = options.flush_denormals;
  code.threads = options.passes.threads;
  Product product;
  product.target = target;
  product.flops = code.flops;
  product.untrained = code.untrained;

  // Through the passes: inference, kernels, schedules, places in memory.
  passes::PassContext wanted;
  wanted.target = target.info;
  wanted.seed = options.seed;
  wanted.threads = options.passes.threads_wanted();
  if (!plan(modules, options.passes, wanted, host, options.listener)) return std::nullopt;
  product.modules = std::move(modules);
  if (code.threads > 1 && !shares_tiles(product.modules))
    host.warning(fmt::format("--threads {}: no kernel of {} takes long enough to be shared",
                             code.threads, code.name),
                 "leave it out; `linnet dump --threads 2 --explain choose_schedules` says more");

  if (options.source) {
    if (!write_source(product, code, host)) return std::nullopt;
    return product;
  }
  // Kernels by Halide, entries by LLVM, one object.
  if (!generate(product, code, options, host)) return std::nullopt;
  return product;
}

}  // namespace

std::optional<Product> compile(Model& model, const codegen::Target& target,
                               const CompileOptions& options, const Host& host) {
  if (!accepts(target, options, host)) return std::nullopt;
  // The model as it was written, for a batch of samples; what does not fill one is computed by the
  // model for single samples.
  const int64_t batch = options.batch.value_or(1);
  const ir::Module* whole = model.at_batch(batch);
  if (!whole || !sizes_fit(*whole, host)) return std::nullopt;
  const bool batched = model.batched(batch);
  const ir::Module* one = batched ? model.at_batch(1) : whole;
  if (!one) return std::nullopt;
  std::vector<ir::Module> modules{*whole};
  if (one != whole) modules.push_back(*one);
  return compile_modules(std::move(modules), batched, target, options, host);
}

std::optional<Product> compile(const ir::Module& module, const codegen::Target& target,
                               const CompileOptions& options, const Host& host) {
  if (!accepts(target, options, host) || !sizes_fit(module, host)) return std::nullopt;
  return compile_modules({module}, false, target, options, host);
}

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

}  // namespace linnet::driver
