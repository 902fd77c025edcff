// linnet check MODEL: everything wrong with it at once, or its summary table.
#include "cli/model_options.h"
#include "cli/text_table.h"
#include "ir/summary.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace linnet::cli {
namespace {

std::string receptive(const ir::SummaryRow& row) {
  if (row.receptive_height == 0) return "";
  return fmt::format("{}×{}", row.receptive_height, row.receptive_width);
}

void print_table(const ir::Module& module, const ir::Summary& summary) {
  TextTable table(
      {"layer", "op", "output", ">parameters", ">multiply-adds", ">receptive field", ">bytes"});
  for (const ir::SummaryRow& row : summary.rows) {
    table.row({row.name, row.op, to_string(row.output), thousands(row.parameters),
               thousands(row.multiply_adds), receptive(row), thousands(row.bytes)});
  }
  table.rule();
  table.row({module.name, "", "", thousands(summary.parameters), thousands(summary.multiply_adds),
             "", thousands(summary.parameter_bytes) + " of weights"});
  std::fputs(table.text().c_str(), stdout);
  if (summary.trainable != summary.parameters) {
    fmt::print("{} of the parameters are trained\n", thousands(summary.trainable));
  }
  if (summary.buffers != 0) fmt::print("{} numbers in buffers\n", thousands(summary.buffers));
}

void print_json(const ir::Module& module, const ir::Summary& summary) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ir::SummaryRow& row : summary.rows) {
    rows.push_back({{"layer", row.name},
                    {"op", row.op},
                    {"dtype", ir::name(row.output.dtype)},
                    {"shape", row.output.shape},
                    {"parameters", row.parameters},
                    {"multiply_adds", row.multiply_adds},
                    {"receptive_field", {row.receptive_height, row.receptive_width}},
                    {"bytes", row.bytes}});
  }
  const nlohmann::ordered_json json = {{"model", module.name},
                                       {"layers", rows},
                                       {"parameters", summary.parameters},
                                       {"trainable", summary.trainable},
                                       {"buffers", summary.buffers},
                                       {"multiply_adds", summary.multiply_adds},
                                       {"parameter_bytes", summary.parameter_bytes}};
  fmt::print("{}\n", json.dump());
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto options = std::make_shared<ModelOptions>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("check", "Every fault of a model at once, or its summary");
  options->add_model(*command);
  options->add_weights(*command);
  command->add_flag("--json", *json, "One JSON object instead of the table");
  command->callback([&session, options, json] {
    session.command = [options, json](Session& s) {
      const auto module = options->load(s, options->batch);
      if (!module) return Status::kBadInput;
      const ir::Summary summary = ir::summarize(*module);
      *json ? print_json(*module, summary) : print_table(*module, summary);
      return Status::kDone;
    };
  });
}

}  // namespace linnet::cli
