// The pipeline cut in two at the choice of schedules.
#include "driver/tunable.h"

#include "driver/tuning_file.h"
#include "ir/op_def.h"
#include "passes/lib/candidate.h"
#include "passes/lib/kernel_names.h"
#include "passes/run/pass.h"

#include <algorithm>
#include <map>
#include <set>

namespace linnet::driver {
namespace {

std::vector<TunableKernel> kernels_of(const ir::Graph& graph, const passes::TargetInfo& target) {
  std::vector<TunableKernel> kernels;
  for (const ir::Node& node : graph.nodes()) {
    if (node.op != &ir::ops::group || node.schedule) continue;
    TunableKernel kernel;
    kernel.body = node.regions.front();
    kernel.constant = passes::constants_of(graph, node.operands);
    kernel.key = passes::tuning_key({kernel.body, kernel.constant, target});
    const std::string result = graph.value(node.results.front()).name;
    const auto known = std::ranges::find(kernels, kernel.key, &TunableKernel::key);
    if (known != kernels.end()) {
      known->results.push_back(result);
    } else {
      kernel.results.push_back(result);
      kernels.push_back(std::move(kernel));
    }
  }
  return kernels;
}

}  // namespace

std::optional<Tunable> Tunable::open(Model& model, const codegen::Target& target,
                                     const CompileOptions& options, const Host& host) {
  if (!runs(target, host)) return std::nullopt;
  const int64_t batch = options.batch.value_or(1);
  const ir::Module* whole = model.at_batch(batch);
  if (!whole || !sizes_fit(*whole, host)) return std::nullopt;
  ir::Module module = *whole;
  mark_probabilities(module);
  passes::PassContext wanted;
  wanted.target = target.info;
  wanted.seed = options.seed;
  auto fused =
      lower(std::move(module), passes::pipeline(passes::Phase::kTraining, passes::Phase::kFused),
            options.passes, wanted, host);
  if (!fused) return std::nullopt;
  Tunable tunable(*std::move(fused), target, options);
  tunable.batched_ = model.batched(batch);
  tunable.options_.product = true;
  tunable.options_.timed_entries = true;
  tunable.kernels_ = kernels_of(tunable.fused_.graphs.front(), target.info);
  return tunable;
}

std::optional<ir::Module> Tunable::planned(passes::Tuning& tuning, const Host& host) const {
  passes::PassContext wanted;
  wanted.target = target_.info;
  wanted.seed = options_.seed;
  wanted.tuning = &tuning;
  PassOptions options = options_.passes;
  options.explained.clear();  // every try would be told of
  options.times = false;
  auto planned = lower(fused_, passes::pipeline(passes::Phase::kScheduled, passes::Phase::kPlanned),
                       options, wanted, host);
  if (!planned || !complete(*planned, options, host)) return std::nullopt;
  return planned;
}

std::optional<Product> Tunable::product(ir::Module planned, const Host& host) const {
  codegen::CompileOptions code = code_options(options_, target_, fused_);
  code.seed = options_.seed;
  code.batched = batched_;
  Product product;
  product.target = target_;
  product.flops = code.flops;
  product.modules.push_back(std::move(planned));
  if (!generate(product, code, options_, host)) return std::nullopt;
  return product;
}

namespace {

// How often each graph calls each kernel, by content: names may differ between plans.
std::map<std::string, std::vector<int64_t>> calls_of(const ir::Module& module) {
  std::map<std::string, std::string> contents;  // by name
  for (const ir::Graph& kernel : module.kernels)
    contents[kernel.name] = passes::kernel_content(kernel);
  std::map<std::string, std::vector<int64_t>> calls;
  for (size_t i = 0; i < module.graphs.size(); ++i) {
    for (const ir::Node& node : module.graphs[i].nodes()) {
      if (node.op != &ir::ops::call) continue;
      std::vector<int64_t>& counts = calls[contents[node.callee]];
      counts.resize(module.graphs.size());
      ++counts[i];
    }
  }
  return calls;
}

// Without the calls of kernels that stand in `same`. Code is made of calls alone: a group in the
// place of one makes its values and no code.
bool drop_calls(ir::Module& module, const std::set<std::string>& same) {
  std::set<std::string> dropped, left;
  for (const ir::Graph& kernel : module.kernels) {
    if (same.contains(passes::kernel_content(kernel))) dropped.insert(kernel.name);
  }
  for (ir::Graph& graph : module.graphs) {
    for (size_t i = 0; i < graph.nodes().size(); ++i) {
      ir::Node& node = graph.node(ir::NodeId{static_cast<int32_t>(i)});
      if (node.op != &ir::ops::call) continue;
      if (dropped.contains(node.callee)) {
        node.op = &ir::ops::group;
      } else {
        left.insert(node.callee);
      }
    }
  }
  std::erase_if(module.kernels, [&](const ir::Graph& k) { return !left.contains(k.name); });
  return !left.empty();
}

}  // namespace

Difference difference(ir::Module before, ir::Module after) {
  const auto old_calls = calls_of(before), new_calls = calls_of(after);
  std::set<std::string> same;
  for (const auto& [content, counts] : old_calls) {
    const auto at = new_calls.find(content);
    if (at != new_calls.end() && at->second == counts) same.insert(content);
  }
  const bool left = drop_calls(before, same);
  const bool right = drop_calls(after, same);
  return {std::move(before), std::move(after), left && right};
}

}  // namespace linnet::driver
