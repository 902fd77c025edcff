// The legal schedules of a family's groups, and the kernel that each makes of its group.
#pragma once

#include "codegen/object/target.h"
#include "ir/print.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"
#include "tests/codegen/sweep_groups.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace linnet::codegen::sweep {

inline void enumerate(const passes::Family& family, const ir::Graph& body,
                      const ir::Schedule& before, std::vector<ir::Schedule>& all) {
  if (before.parameters.size() == family.keys.size()) {
    all.push_back(before);
    return;
  }
  const auto values = family.legal(body, before);
  EXPECT_FALSE(values.empty()) << to_string(before);
  for (int64_t value : values) {
    ir::Schedule next = before;
    next.parameters.emplace_back(family.keys[before.parameters.size()], value);
    enumerate(family, body, next, all);
  }
}

// The kernel of the group that the family computes, packed for the schedule, not packed, or packed
// for what the pipeline would choose.
enum class Packed { kForIt, kNot, kForAnother };

class Group {
public:
  Group(const ir::Module& module, const passes::Family& family, const Target& target)
      : family_(family), target_(target) {
    passes::PassContext context = fresh();
    passes::PipelineOptions options;
    options.stop_after = "group_kernels";
    grouped_ = passes::run_pipeline(module, passes::pipeline(), options, context).module;
    if (!grouped_.kernels.empty()) return;
    const auto& nodes = grouped_.graphs.front().nodes();
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].op == &ir::ops::group && family.fits(nodes[i].regions.front()).empty())
        node_ = {static_cast<int32_t>(i)};
    }
  }

  [[nodiscard]] bool found() const { return node_ || !grouped_.kernels.empty(); }
  [[nodiscard]] const ir::Graph& body() const {
    return node_ ? grouped_.graphs.front().node(node_).regions.front() : grouped_.kernels.front();
  }

  [[nodiscard]] ir::Graph kernel(const ir::Schedule& schedule, Packed packed) const {
    if (!node_) {
      ir::Graph kernel = grouped_.kernels.front();
      kernel.schedule = schedule;
      return kernel;
    }
    ir::Module module = grouped_;
    if (packed != Packed::kForAnother) module.graphs.front().node(node_).schedule = schedule;
    passes::PassContext context = fresh();
    passes::PipelineOptions options;
    if (packed == Packed::kNot) options.disabled = {"pack_weights"};
    const auto rows = passes::pipeline();
    const auto from = std::ranges::find(rows, "choose_schedules", &passes::Pass::name);
    module = passes::run_pipeline(std::move(module), {from, rows.end()}, options, context).module;
    // What choose_layout would rather give to another family comes second.
    for (const bool given : {packed != Packed::kForAnother, false}) {
      for (ir::Graph& kernel : module.kernels) {
        if (!family_.fits(kernel).empty() || (given && *kernel.schedule != schedule)) continue;
        kernel.schedule = schedule;
        return kernel;
      }
    }
    ADD_FAILURE() << "no kernel of " << to_string(schedule);
    return module.kernels.front();
  }

private:
  [[nodiscard]] passes::PassContext fresh() const {
    passes::PassContext context;
    context.target = target_.info;
    return context;
  }
  const passes::Family& family_;
  const Target& target_;
  ir::Module grouped_;
  ir::NodeId node_;
};

struct Trial {
  size_t group;
  ir::Schedule schedule;
};

// Every legal schedule of a family's groups, for a target.
class Space {
public:
  Space(const passes::Family& family, const Target& target) {
    const auto small = cases().find(std::string(family.name));
    if (small == cases().end()) {
      ADD_FAILURE() << "cases() has no small groups that " << family.name << " fits";
      return;
    }
    for (const ir::Module& module : small->second) {
      Group group(module, family, target);
      if (!group.found()) {
        missing_ += ir::print(module).text;
        continue;
      }
      groups_.push_back(std::move(group));
      std::vector<ir::Schedule> all;
      enumerate(family, groups_.back().body(), {std::string(family.name), {}}, all);
      for (ir::Schedule& schedule : all)
        trials_.push_back({groups_.size() - 1, std::move(schedule)});
    }
  }

  [[nodiscard]] size_t size() const { return trials_.size(); }
  [[nodiscard]] size_t groups() const { return groups_.size(); }
  // The modules of which the passes make no such group, as one pools apart for a small cache.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  [[nodiscard]] ir::Graph kernel(size_t trial, Packed packed) const {
    return groups_[trials_[trial].group].kernel(trials_[trial].schedule, packed);
  }

private:
  std::vector<Group> groups_;
  std::vector<Trial> trials_;
  std::string missing_;
};

}  // namespace linnet::codegen::sweep
