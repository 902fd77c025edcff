// What a report tells of the passes: places in the model, nodes, and the module after each pass.
#pragma once

#include "cli/session.h"
#include "driver/lower.h"
#include "ir/print.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::cli {

// Collects while the passes run: begins() first, then what driver::Listener tells, as it comes.
// Nodes and places are kept once, however many modules show them.
class ReportSteps {
public:
  using Json = nlohmann::ordered_json;

  explicit ReportSteps(const Session& session) : session_(session) {}

  void begins(const ir::Module& module);
  // Is the module another one now?
  bool after(const passes::Pass& pass, const ir::Module& module);
  // Kept as it is until the pass is over, so that writing it down is no part of the pass's time.
  void remark(const passes::Remark& remark) { remarks_.push_back(remark); }
  void took(const passes::PassTime& time);
  // How far the outputs are, after the pass that was last told, from those of the model in f64.
  void errors(Json errors) { steps_.back()["errors"] = std::move(errors); }

  // Indices of `places` in the report.
  [[nodiscard]] Json places(const ir::Place& place);
  // Adds "sources", "places", "pool" and "steps"; nothing is asked of this any more. With `times`
  // false a pass takes no time.
  void move_to(Json& report, bool times);

private:
  [[nodiscard]] int64_t place(Json one);
  [[nodiscard]] Json span(const Span& span);
  [[nodiscard]] int64_t node(const ir::Graph& graph, const ir::Node& node,
                             const ir::NodeText& text);
  [[nodiscard]] Json state(const ir::Graph& graph, const ir::GraphText& text,
                           std::string_view kind);
  [[nodiscard]] Json graphs(const ir::Module& module, const ir::ModuleText& text);
  [[nodiscard]] Json remarks();
  bool add_step(std::string_view pass, std::string_view phase, std::string_view summary,
                const ir::Module& module);

  const Session& session_;
  std::map<std::string, int64_t> known_places_, known_nodes_;  // by their JSON
  std::map<uint32_t, int64_t> known_sources_;                  // by file
  Json sources_ = Json::array(), places_ = Json::array(), pool_ = Json::array(),
       steps_ = Json::array();
  std::vector<passes::Remark> remarks_;
  std::string last_;  // head and graphs of the step before, as text
  std::map<std::string, int64_t, std::less<>> times_;
};

}  // namespace linnet::cli
