// The pass choose_schedules: asks the families in order and writes the schedule of the first that
// fits a group and wants it.
#include "ir/entries.h"
#include "ir/op_def.h"
#include "ir/ops/shared/window.h"
#include "ir/summary.h"
#include "passes/lib/candidate.h"
#include "passes/lib/fold.h"
#include "passes/lib/label.h"
#include "passes/lib/rewrite_graphs.h"
#include "passes/passes.h"
#include "passes/schedule/families.h"
#include "passes/schedule/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linnet::passes {

namespace {

// Words and eighths of multiply-adds from which a kernel is worth its tiles' threads: some five
// microseconds of work.
constexpr int64_t kWorthThreads = 1 << 16;

int64_t work_of(const ir::Graph& body) {
  int64_t work = 0;
  for (const ir::Node& node : body.nodes()) {
    work += body.value(node.results.front()).type.stored_bytes() / 4;
    work += ir::multiply_adds(body, node) / 8;
  }
  return work;
}

// Is the graph one of those whose kernels are to split their tiles?
bool splits(const ir::Graph& graph, const PassContext& context) {
  if (context.threads == PassContext::Threads::kAll) return true;
  return context.threads == PassContext::Threads::kTrainingStep &&
         (graph.name == ir::kTrainStep || graph.name == ir::kUpdate ||
          graph.name == ir::kGradients);
}

// Multiply-adds, or elements of the windows of a pool, from which a kernel of generic is worth a
// remark that nobody asked for: some ten microseconds, where other families take one.
constexpr int64_t kWorthRemark = 1 << 16;

int64_t steps(const ir::Graph& body, const ir::Node& node) {
  if (node.op->multiply_adds) return ir::multiply_adds(body, node);
  const ir::Ints& kernel = node.attrs.get(ir::kKernelSize);
  return body.value(node.results.front()).type.elements() * kernel[0] * kernel[1];
}

// Says that no family but generic takes a kernel of much work; `why` is theirs.
void remark_on_generic(const ir::Graph& graph, const ir::Node& group, const std::string& why,
                       PassContext& context) {
  const ir::Graph& body = group.regions.front();
  const ir::Node* op = main_op(body);
  if (!op) return;
  const int64_t count = steps(body, *op);
  if (count < kWorthRemark) return;
  const std::string unit = op->op->has(ir::kPool) ? "elements of its windows" : "multiply-adds";
  context.notable.push_back({false, group.place,
                             fmt::format("{} has no fast kernel: generic computes its {} {}; {}",
                                         label(graph, group), count, unit, why)});
}

// What the remark of a convolution says of a kernel before it that stores zeros around its picture.
std::string padded_before(const ir::Graph& graph, const ir::Node& group) {
  if (!std::ranges::any_of(group.regions.front().nodes(),
                           [](const ir::Node& node) { return node.op->has(ir::kAnchor); }))
    return "";
  for (const ir::ValueId operand : group.operands) {
    const ir::Node* before = graph.producer(operand);
    if (!before || before->op != &ir::ops::group) continue;
    const ir::Graph& body = before->regions.front();
    const ir::Node* last = body.producer(body.outputs.front().value);
    if (last && last->op == &ir::ops::pad)
      return fmt::format("; padded before, a copy of {} bytes (--explain split_padding)",
                         graph.value(operand).type.stored_bytes());
  }
  return "";
}

// `choice`, which is the families', or what was found to be faster.
Choice<ir::Schedule> tuned_or(Choice<ir::Schedule> choice, const Candidate& group,
                              const std::string& name, PassContext& context) {
  if (!context.tuning) return choice;
  context.tuning->asked = true;
  TunedSchedule* tuned = context.tuning->find(context.target.name, tuning_key(group));
  if (!tuned) return choice;
  const bool known = std::exchange(tuned->matched, true);
  if (std::string fault = schedule_fault(group.body, tuned->schedule); !fault.empty()) {
    if (known) return choice;  // one error is enough
    context.errors.push_back({tuned->place, fmt::format("{}: {}", name, fault),
                              "linnet tune finds legal ones; without the line the kernel has " +
                                  to_string(*choice.schedule),
                              Status::kBadInput});
    return choice;
  }
  return {tuned->schedule, fmt::format("tuned, in place of {}", to_string(*choice.schedule))};
}

// To who listens: what else there was.
void tell_alternatives(const ir::Graph& graph, const ir::Node& group, const Candidate& candidate,
                       const Choice<ir::Schedule>& chosen, PassContext& context) {
  if (!context.explain && !context.weighed) return;
  ScheduleChoice all{graph.name, graph.value(group.results.front()).name, group.place, {}};
  all.weighed.push_back({chosen.schedule->family, chosen.schedule, chosen.why});
  for (Alternative& other : alternatives(candidate, *chosen.schedule)) {
    if (context.explain)
      context.refused(group.place,
                      fmt::format("{} by {}: {}", label(graph, group), other.family, other.why));
    all.weighed.push_back(
        {std::string(other.family), std::move(other.schedule), std::move(other.why)});
  }
  if (context.weighed) context.weighed(all);
}

}  // namespace

ir::Module choose_schedules(ir::Module module, PassContext& context) {
  return rewrite_graphs(std::move(module), [&](ir::Rewriter& r, ir::NodeId, const ir::Node& node) {
    if (node.op != &ir::ops::group || node.schedule) return false;
    const Candidate candidate = candidate_of(node.regions.front(), r.old(), node.operands, context);
    const std::string name = label(r.old(), node);
    Choice<ir::Schedule> choice = chosen_schedule(candidate);
    const bool wanted = context.target.vector_registers == 0;  // sums of one chain: all are
    if (choice.schedule->family == kGeneric && !wanted)
      remark_on_generic(r.old(), node, choice.why, context);
    choice = tuned_or(std::move(choice), candidate, name, context);
    ir::Schedule schedule = *std::move(choice.schedule);
    const std::string reason = choice.why.empty() ? "" : ": " + choice.why;
    if (!context.may_rewrite(node.place, name + " by " + to_string(schedule) + reason +
                                             padded_before(r.old(), node))) {
      schedule = ir::Schedule{std::string(kGeneric), {}};
      choice.why = "the limit of rewrites leaves it";
    }
    const bool own = family(schedule.family).scratch(candidate.body, schedule) > 0;
    if (own && splits(r.old(), context)) {
      context.refused(node.place, name + " in several threads: they would share what it works in");
    } else if (splits(r.old(), context) && schedule.get(kThreads, -1) < 0) {
      const int64_t work = work_of(candidate.body);
      const std::string compared =
          fmt::format("work of {:.2g} times what pays", static_cast<double>(work) / kWorthThreads);
      if (work < kWorthThreads) {
        context.refused(node.place, fmt::format("{} in several threads: {}", name, compared));
      } else if (context.may_rewrite(node.place,
                                     fmt::format("{} in several threads: {}", name, compared))) {
        schedule.parameters.emplace_back(kThreads, 1);
      }
    }
    tell_alternatives(r.old(), node, candidate, {schedule, choice.why}, context);
    ir::Node scheduled = node;
    scheduled.schedule = std::move(schedule);
    r.copy(scheduled);
    return true;
  });
}

}  // namespace linnet::passes
