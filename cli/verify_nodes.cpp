// Compiles a model so that every value within it can be had, and compares each.
#include "cli/verify_nodes.h"

#include "cli/text_table.h"
#include "driver/reference.h"
#include "support/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace linnet::cli {
namespace {

// Values of the planned module and of the model that are this near, in f64, are the same value: a
// pass that folds a factor into a weight may leave the name with another one.
constexpr double kSame = 1e-6;

}  // namespace

std::unique_ptr<InnerErrors> InnerErrors::load(Session& session, const ir::Module& module,
                                               const ModelOptions& model,
                                               const PipelineFlags& flags,
                                               const driver::CompileOptions& build,
                                               const Sample& sample) {
  const Working working(session, "compiling for --nodes");
  const auto target = model.find_target(session);
  if (!target) return nullptr;
  driver::CompileOptions options = build;
  options.seed = model.seed;
  options.passes = flags;
  std::unique_ptr<InnerErrors> result(new InnerErrors(module));
  result->product_ = driver::Inspected::compile(module, *target, options, session.host);
  if (!result->product_) return nullptr;
  result->find_stored(sample, model.seed);
  std::vector<ir::ValueId> cut;
  const size_t outputs = output_ports(module).size();
  for (size_t i = 0; i < result->rows_.size(); ++i) {
    if (result->rows_[i].stored) continue;
    result->rows_[i].cut = outputs + cut.size();
    cut.push_back(result->values_[i]);
  }
  if (cut.empty()) return result;
  result->cut_ =
      driver::Inspected::compile(driver::with_outputs(module, cut), *target, options, session.host);
  return result->cut_ ? std::move(result) : nullptr;
}

void InnerErrors::find_stored(const Sample& sample, uint64_t seed) {
  const ir::Module& planned = product_->module();
  const ir::Graph& graph = planned.graphs.front();
  std::vector<size_t> rows;  // that may be stored
  std::vector<ir::ValueId> theirs, ours;
  for (size_t i = 0; i < values_.size(); ++i) {
    const ir::ValueId found = graph.find(name(i));
    const ir::Type& type = module_.graphs.front().value(values_[i]).type;
    if (!found || !product_->holds(found) || !graph.value(found).type.same_logical(type)) continue;
    rows.push_back(i);
    theirs.push_back(values_[i]);
    ours.push_back(found);
  }
  const ir::Module as_written = driver::with_outputs(module_, theirs);
  const ir::Module as_planned = driver::with_outputs(planned, ours);
  const auto a = driver::Reference(as_written, seed, driver::Precision::kF64)(sample);
  const auto b = driver::Reference(as_planned, seed, driver::Precision::kF64)(sample);
  const size_t outputs = a.size() - rows.size();
  for (size_t k = 0; k < rows.size(); ++k) {
    driver::Difference difference;
    difference.add(0, b[outputs + k], a[outputs + k]);
    if (difference.relative() <= kSame) rows_[rows[k]].stored = ours[k];
  }
}

const std::vector<Tensor>& InnerErrors::add(int64_t number, const Sample& sample,
                                            std::span<const Tensor> theirs) {
  const std::vector<Tensor>& outputs = product_->call(sample);
  if (cut_) cut_outputs_ = &cut_->call(sample);
  for (size_t i = 0; i < rows_.size(); ++i) {
    Row& row = rows_[i];
    const ir::Type& type = module_.graphs.front().value(values_[i]).type;
    if (theirs[i].data.empty() && type.elements() != 0) continue;
    row.compared = true;
    row.error.add(number, computed(i), theirs[i]);
  }
  return outputs;
}

std::optional<size_t> InnerErrors::first_beyond(double tolerance) const {
  const auto at = std::ranges::find_if(
      rows_, [&](const Row& row) { return row.compared && !(row.error.relative() <= tolerance); });
  if (at == rows_.end()) return std::nullopt;
  return static_cast<size_t>(at - rows_.begin());
}

void InnerErrors::print(const Session& session, double tolerance) const {
  TextTable table({"value", ">worst error", ">relative", ">sample", "element", ">compiled",
                   ">expected", "by", "place"});
  size_t without = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].compared) {
      ++without;
      continue;
    }
    std::vector<std::string> cells = error_cells(name(i), rows_[i].error);
    cells.emplace_back(rows_[i].stored ? "product" : "cut");
    cells.push_back(place(session, i));
    table.row(std::move(cells));
  }
  if (without < rows_.size()) fmt::print("\n{}", table.text(terminal_columns()));
  if (without != 0) fmt::print("{} of {} values have no file there\n", without, rows_.size());
  if (const auto first = first_beyond(tolerance))
    fmt::print("the first value beyond the tolerance: {}  {}\n", name(*first),
               place(session, *first));
}

void InnerErrors::add_to(nlohmann::ordered_json& json, const Session& session,
                         double tolerance) const {
  nlohmann::ordered_json nodes = nlohmann::ordered_json::array();
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (!rows_[i].compared) continue;
    nlohmann::ordered_json one = error_json(name(i), rows_[i].error);
    one["by"] = rows_[i].stored ? "product" : "cut";
    one["place"] = place(session, i);
    nodes.push_back(std::move(one));
  }
  json["nodes"] = std::move(nodes);
  const auto first = first_beyond(tolerance);
  json["first"] = first ? nlohmann::ordered_json(name(*first)) : nlohmann::ordered_json();
}

std::vector<std::string> error_cells(const std::string& name, const driver::Difference& error) {
  return {name,
          fmt::format("{:.3g}", error.absolute()),
          fmt::format("{:.3g}", error.relative()),
          std::to_string(error.sample()),
          shape_text(error.element()),
          fmt::format("{:.7g}", error.ours()),
          fmt::format("{:.7g}", error.theirs())};
}

nlohmann::ordered_json error_json(const std::string& name, const driver::Difference& error) {
  return {{"name", name},
          {"absolute", json_number(error.absolute())},
          {"relative", json_number(error.relative())},
          {"sample", error.sample()},
          {"element", error.element()},
          {"compiled", json_number(error.ours())},
          {"expected", json_number(error.theirs())}};
}

}  // namespace linnet::cli
