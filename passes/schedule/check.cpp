// Every schedule of a module against what its family admits.
#include "passes/schedule/check.h"

#include "ir/op_def.h"
#include "passes/schedule/families.h"

namespace linnet::passes {
namespace {

class Checker {
public:
  explicit Checker(const ir::Module& module) : module_(module) {}

  std::vector<ScheduleFault> run() {
    for (const ir::Graph& kernel : module_.kernels) {
      if (kernel.schedule) check(kernel.name, kernel, *kernel.schedule);
    }
    for (const ir::Graph& graph : module_.graphs) {
      if (graph.schedule) fault(graph.name, "only kernels and groups have a schedule");
      nodes(graph.name, graph);
    }
    for (const ir::Graph& kernel : module_.kernels)
      nodes(kernel.name, kernel);
    return std::move(faults_);
  }

private:
  void fault(const std::string& at, std::string message) {
    faults_.push_back({at, std::move(message)});
  }

  void check(const std::string& at, const ir::Graph& body, const ir::Schedule& schedule) {
    if (std::string message = schedule_fault(body, schedule); !message.empty())
      fault(at, std::move(message));
  }

  void nodes(const std::string& path, const ir::Graph& graph) {
    for (const ir::Node& node : graph.nodes()) {
      const std::string at = path + "/" + graph.value(node.results.front()).name;
      if (node.schedule && node.op != &ir::ops::group) {
        fault(at, "only kernels and groups have a schedule");
      } else if (node.schedule) {
        check(at, node.regions.front(), *node.schedule);
      }
      for (const ir::Graph& region : node.regions)
        nodes(at, region);
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
