// Every schedule of a module against what its family admits.
#include "passes/schedule/check.h"

#include "ir/entries.h"
#include "ir/op_def.h"
#include "passes/schedule/families.h"

#include <algorithm>
#include <set>

namespace linnet::passes {
namespace {

class Checker {
public:
  explicit Checker(const ir::Module& module) : module_(module) {}

  std::vector<ScheduleFault> run() {
    std::set<std::string> in_training;  // kernels that training steps call
    std::set<std::string> elsewhere;
    for (const ir::Graph& graph : module_.graphs) {
      for (const ir::Node& node : graph.nodes()) {
        if (node.op == &ir::ops::call)
          (is_training(graph) ? in_training : elsewhere).insert(node.callee);
      }
    }
    for (const ir::Graph& kernel : module_.kernels) {
      if (!kernel.schedule) continue;
      const bool threads = in_training.contains(kernel.name) && !elsewhere.contains(kernel.name);
      check(kernel.name, kernel, *kernel.schedule, threads);
    }
    for (const ir::Graph& graph : module_.graphs) {
      if (graph.schedule) fault(graph.name, "only kernels and groups have a schedule");
      nodes(graph.name, graph, is_training(graph));
    }
    for (const ir::Graph& kernel : module_.kernels)
      nodes(kernel.name, kernel, false);
    return std::move(faults_);
  }

private:
  static bool is_training(const ir::Graph& graph) {
    return graph.name == ir::kTrainStep || graph.name == ir::kGradients;
  }

  void fault(const std::string& at, std::string message) {
    faults_.push_back({at, std::move(message)});
  }

  void check(const std::string& at, const ir::Graph& body, const ir::Schedule& schedule,
             bool threads) {
    if (std::string message = schedule_fault(body, schedule); !message.empty()) {
      fault(at, std::move(message));
    } else if (has_threads(schedule) && !threads) {
      fault(at,
            "threads=1 is for kernels of @train_step alone; legal here: only 0, or leave it out");
    }
  }

  void nodes(const std::string& path, const ir::Graph& graph, bool threads) {
    for (const ir::Node& node : graph.nodes()) {
      const std::string at = path + "/" + graph.value(node.results.front()).name;
      if (node.schedule && node.op != &ir::ops::group) {
        fault(at, "only kernels and groups have a schedule");
      } else if (node.schedule) {
        check(at, node.regions.front(), *node.schedule, threads);
      }
      for (const ir::Graph& region : node.regions)
        nodes(at, region, threads);
    }
  }

  const ir::Module& module_;
  std::vector<ScheduleFault> faults_;
};

}  // namespace

std::vector<ScheduleFault> check_schedules(const ir::Module& module) {
  return Checker(module).run();
}

}  // namespace linnet::passes
