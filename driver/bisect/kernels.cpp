// Each kernel alone; of a wrong one its other schedules, then each of its ops alone.
#include "driver/bisect/kernels.h"

#include "driver/bisect/shrink.h"
#include "ir/op_def.h"
#include "passes/lib/kernel_names.h"
#include "passes/schedule/families.h"
#include "support/text.h"

#include <fmt/format.h>

#include <set>

namespace linnet::driver {
namespace {

using Guilty = BisectAnswer::Guilty;

constexpr int kMostTries = 120;

// The kernel with another schedule, its data as that one's family reads it, in memory of any kind.
Sample with_schedule(Sample sample, const ir::Schedule& schedule) {
  ir::Graph& kernel = sample.subject();
  for (size_t i = 0; i < kernel.values().size(); ++i) {
    ir::Value& value = kernel.value(ir::ValueId{static_cast<int32_t>(i)});
    value.type.layout = {};
    value.storage.reset();
  }
  const auto layouts = passes::family(schedule.family).layouts(kernel, schedule);
  for (size_t i = 0; i < layouts.size() && i < kernel.inputs.size(); ++i)
    kernel.value(kernel.inputs[i].value).type.layout = layouts[i];
  kernel.schedule = schedule;
  return sample;
}

bool is_legal(const Sample& sample) {
  const ir::Graph& kernel = sample.subject();
  return kernel.schedule && passes::schedule_fault(kernel, *kernel.schedule).empty();
}

class KernelSearch {
public:
  KernelSearch(const BisectQuestion& question, const ir::Module& planned, BisectAnswer& answer)
      : q_(question), planned_(planned), answer_(answer) {}

  bool run(const TensorList& inputs) {
    if (!find(inputs)) return false;
    answer_.kernel = wrong_.subject().name;
    answer_.schedule = to_string(*wrong_.subject().schedule);
    any_inputs_ = wrong(wrong_, true);
    answer_.any_inputs = any_inputs_;
    tell(fmt::format("other schedules of @{}", answer_.kernel));
    if (is_schedule()) {
      answer_.guilty = Guilty::kSchedule;
    } else if (is_lowering()) {
      answer_.guilty = Guilty::kLowering;
    } else {
      answer_.guilty = Guilty::kKernel;
    }
    if (!q_.smaller) return true;
    tell("a smaller case");
    const Shows shows = [&](const Sample& sample) {
      return is_legal(sample) && wrong(sample, any_inputs_);
    };
    answer_.small = shrink(wrong_, shows, q_.context.seed, kMostTries);
    if (answer_.guilty == Guilty::kKernel)
      answer_.op = join(passes::op_names(answer_.small.subject()), ", ");
    return true;
  }

private:
  void tell(const std::string& what) const {
    if (q_.working) q_.working(what);
  }

  [[nodiscard]] std::optional<Fault> fault_of(const Sample& sample, bool any_inputs) const {
    return attempt([&]() -> std::optional<Fault> {
      const std::string text =
          q_.backend.check(sample.subject(), any_inputs ? TensorList{} : sample.inputs);
      if (text.empty()) return std::nullopt;
      return Fault{Fault::Kind::kValues, text, 0};
    });
  }
  [[nodiscard]] bool wrong(const Sample& sample, bool any_inputs) const {
    const auto found = fault_of(sample, any_inputs);
    return found && alike(*found, fault_);
  }

  // One kernel with what a call gives it.
  [[nodiscard]] bool try_kernel(const ir::Graph& kernel, TensorList inputs, bool any_inputs) {
    Sample sample{ir::Module{}, std::move(inputs)};
    sample.module.name = planned_.name;
    sample.module.kernels.push_back(kernel);
    if (!kernel.schedule)
      sample.subject().schedule = ir::Schedule{std::string(passes::kGeneric), {}};
    const auto found = fault_of(sample, any_inputs);
    if (!found) return false;
    fault_ = *found;
    answer_.fault = fault_.text;
    wrong_ = std::move(sample);
    return true;
  }

  // On the values of the first entry in its order, then on random numbers what else there is.
  bool find(const TensorList& inputs) {
    const Sample entry{planned_, inputs};
    const ir::Graph& graph = entry.subject();
    const TensorList values = all_values(entry, q_.context.seed);
    std::set<std::string> called;
    for (const ir::Node& node : graph.nodes()) {
      const ir::Graph* kernel = node.op == &ir::ops::call ? planned_.kernel(node.callee) : nullptr;
      if (!kernel) continue;
      tell(fmt::format("kernel @{}", kernel->name));
      called.insert(kernel->name);
      TensorList given;
      for (const ir::ValueId operand : node.operands)
        given.push_back(values[static_cast<size_t>(operand.index)]);
      if (!try_kernel(*kernel, std::move(given), false)) continue;
      answer_.place = node.place;
      return true;
    }
    for (const ir::Graph& kernel : planned_.kernels) {
      if (!called.contains(kernel.name) && try_kernel(kernel, ones(kernel), true)) return true;
    }
    return false;
  }

  // Of a kernel of another graph: something to evaluate on; its check takes inputs of its own.
  static TensorList ones(const ir::Graph& kernel) {
    TensorList inputs;
    for (const ir::GraphInput& input : kernel.inputs) {
      ir::Type type = kernel.value(input.value).type;
      type.layout = {};
      inputs.push_back(ir::Tensor::splat(type, 1));
    }
    return inputs;
  }

  // Is the kernel right with another schedule? The generic one first: it computes everything.
  bool is_schedule() {
    const ir::Graph kernel = with_schedule(wrong_, {std::string(passes::kGeneric), {}}).subject();
    const passes::Candidate group{kernel, std::vector<const ir::Node*>(kernel.inputs.size()),
                                  q_.context.target, q_.context.families};
    std::vector<ir::Schedule> others{*kernel.schedule};
    for (const passes::Family& family : passes::families()) {
      if (family.name == passes::kGeneric || !family.fits(kernel).empty()) continue;
      if (const auto choice = family.choose(group); choice.schedule)
        others.push_back(*choice.schedule);
    }
    for (const ir::Schedule& other : others) {
      if (other == *wrong_.subject().schedule) continue;
      const Sample same = with_schedule(wrong_, other);
      if (!is_legal(same) || fault_of(same, any_inputs_)) continue;
      answer_.right_schedule = to_string(other);
      return true;
    }
    return false;
  }

  // Is one of its ops wrong in a kernel of its own?
  bool is_lowering() {
    const TensorList values = all_values(wrong_, q_.context.seed);
    const ir::Graph& kernel = wrong_.subject();
    for (size_t i = 0; i < kernel.nodes().size(); ++i) {
      const ir::Node& node = kernel.nodes()[i];
      if (node.tensor) continue;
      std::vector<bool> kept(kernel.nodes().size(), false);
      kept[i] = true;
      Sample alone = with_schedule(cut(wrong_, values, kept), {std::string(passes::kGeneric), {}});
      if (!is_legal(alone) || !wrong(alone, any_inputs_)) continue;
      answer_.op = node.op->name;
      answer_.place = node.place;
      wrong_ = std::move(alone);
      return true;
    }
    return false;
  }

  const BisectQuestion& q_;
  const ir::Module& planned_;
  BisectAnswer& answer_;
  Sample wrong_;  // the kernel
  Fault fault_;
  bool any_inputs_ = false;  // it is wrong on random ones as well
};

}  // namespace

bool search_kernels(const BisectQuestion& question, const ir::Module& planned,
                    const TensorList& inputs, BisectAnswer& answer) {
  return KernelSearch(question, planned, answer).run(inputs);
}

}  // namespace linnet::driver
