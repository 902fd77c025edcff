// Is there a fault, in which pass, in which kernel, or in what calls them: asked in this order.
#include "driver/bisect/bisect.h"

#include "driver/bisect/judge.h"
#include "driver/bisect/kernels.h"
#include "driver/bisect/passes.h"
#include "driver/bisect/shrink.h"
#include "passes/run/check_passes.h"
#include "passes/run/run_pipeline.h"

#include <fmt/format.h>

namespace linnet::driver {
namespace {

using Guilty = BisectAnswer::Guilty;

constexpr int kMostTries = 120;  // of smaller models that are compiled
// Of passes where compiled code is right: constants that they make are rounded to f32.
constexpr double kStrict = 1e-6;
constexpr std::array kNames = std::to_array<std::string_view>(
    {"nobody", "model", "pass", "schedule", "lowering", "kernel", "entry"});

// Of a model that is compiled whole: on its own inputs, or on all kinds.
std::optional<Fault> fault_of(const BisectQuestion& question, const Sample& sample,
                              bool any_inputs) {
  BisectQuestion smaller = question;
  smaller.module = sample.module;
  smaller.expected.clear();
  smaller.inputs =
      any_inputs ? seeded_inputs(sample.module) : std::vector<BisectInput>{{"", sample.inputs}};
  return attempt([&] { return compiled_fault(smaller, Judge(smaller)); });
}

// Neither a pass nor a kernel alone: the entry, its addresses, the object.
void find_entry(const BisectQuestion& question, const Sample& sample, BisectAnswer& answer) {
  answer.guilty = Guilty::kEntry;
  if (!question.smaller) return;
  const auto any = fault_of(question, sample, true);
  const auto own = any ? any : fault_of(question, sample, false);
  if (!own) return;  // it departs from what is expected by little more than the evaluator does
  if (question.working) question.working("a smaller case");
  answer.any_inputs = any.has_value();
  const Shows shows = [&](const Sample& candidate) {
    const auto found = fault_of(question, candidate, answer.any_inputs);
    return found && alike(*found, *own);
  };
  answer.small = shrink(sample, shows, question.context.seed, kMostTries);
}

// True: somebody is guilty.
bool search(const BisectQuestion& question, BisectAnswer& answer) {
  const Judge judge(question);
  if (question.working) question.working("compiled code against the evaluator");
  const auto fault = attempt([&] { return compiled_fault(question, judge); });
  if (!fault) return search_passes(question, judge, std::nullopt, kStrict, answer);
  const size_t set = fault->at;
  answer.fault = fault->text;
  answer.inputs = question.inputs[set].name;
  if (fault->kind == Fault::Kind::kValues && set == 0 &&
      judge.evaluator_departs(question.tolerance)) {
    answer.guilty = Guilty::kModel;
    return true;
  }
  if (search_passes(question, judge, set, question.tolerance, answer)) return true;
  passes::PassContext context = question.context;
  const auto planned = passes::run_pipeline(question.module, question.rows, {}, context);
  if (!context.errors.empty()) {  // it cannot be compiled, and says why
    answer.fault = context.errors.front().message;
    answer.place = context.errors.front().place;
    answer.guilty = Guilty::kModel;
    return true;
  }
  const TensorList& inputs = question.inputs[set].values;
  if (search_kernels(question, planned.module, inputs, answer)) return true;
  if (search_passes(question, judge, set, kStrict, answer)) return true;
  find_entry(question, {question.module, inputs}, answer);
  return true;
}

}  // namespace

std::string_view name(BisectAnswer::Guilty guilty) {
  return kNames[static_cast<size_t>(guilty)];
}

std::string guilty_text(const BisectAnswer& answer) {
  switch (answer.guilty) {
  case Guilty::kNobody:
    break;
  case Guilty::kModel:
    return "the model or its reader: the evaluator gives the same before any pass";
  case Guilty::kPass:
    if (answer.rewrites == 0) return fmt::format("pass {}", answer.pass);
    return fmt::format("pass {}, rewrite {}: {}", answer.pass, answer.rewrites, answer.rewrite);
  case Guilty::kSchedule:
    return fmt::format("schedule {} of kernel @{}; with {} it is right", answer.schedule,
                       answer.kernel, answer.right_schedule);
  case Guilty::kLowering:
    return fmt::format("lowering of op {} in kernel @{}, wrong with every schedule", answer.op,
                       answer.kernel);
  case Guilty::kKernel:
    return fmt::format("lowering of {} together in kernel @{}, wrong with every schedule; each op "
                       "alone is right",
                       answer.op.empty() ? "its ops" : answer.op, answer.kernel);
  case Guilty::kEntry:
    return "the entry's code: each kernel alone is right";
  }
  return "nobody";
}

std::vector<BisectInput> seeded_inputs(const ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  std::vector<BisectInput> list;
  for (const passes::InputKind& kind : passes::input_kinds()) {
    BisectInput input{std::string(kind.name), {}};
    for (const ir::GraphInput& each : graph.inputs) {
      if (!each.slot.empty()) continue;
      const auto stream = static_cast<uint32_t>(input.values.size());
      input.values.push_back(
          ir::to_tensor(passes::filled(graph.value(each.value).type, kind, stream)));
    }
    list.push_back(std::move(input));
  }
  return list;
}

BisectAnswer bisect(const BisectQuestion& question) {
  BisectAnswer answer;
  if (!search(question, answer)) return {};
  if (!answer.small.module.graphs.empty() || !answer.small.module.kernels.empty())
    answer.nodes = node_count(answer.small.module, answer.small.subject());
  return answer;
}

}  // namespace linnet::driver
