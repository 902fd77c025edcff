// linnet weights F.safetensors: what a weights file holds.
#include "cli/report_values.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "support/json_text.h"

#include "base/io/safetensors.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace linnet::cli {
namespace {

Status print_weights(Session& session, const std::string& path, bool json) {
  const auto file = Safetensors::read(path);
  if (!file) {
    session.error(file.error().message, file.error().status);
    return Status::kBadInput;
  }
  TextTable table({"tensor", "dtype", "shape", ">elements", ">min", ">max", ">mean", ">std"});
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  int64_t elements = 0;
  for (const auto& entry : file->entries()) {
    const Tensor tensor = file->tensor_as(entry, DType::kF64);
    const ValueStatistics s = statistics_of(tensor.as<double>());
    const int64_t not_finite = s.nans + s.infinities;
    const std::string dtype(name(entry.dtype));
    elements += tensor.elements();
    table.row({entry.name, dtype, shape_text(entry.shape), thousands(tensor.elements()),
               fmt::format("{:.4g}", s.least), fmt::format("{:.4g}", s.most),
               fmt::format("{:.4g}", s.mean), fmt::format("{:.4g}", s.deviation)});
    list.push_back({{"name", entry.name},
                    {"dtype", dtype},
                    {"shape", entry.shape},
                    {"min", s.least},
                    {"max", s.most},
                    {"mean", s.mean},
                    {"std", s.deviation},
                    {"not_finite", not_finite}});
    if (not_finite != 0) {
      session.diagnostics.report(
          {.severity = Severity::kWarning,
           .place = {std::nullopt, path},
           .message = fmt::format("'{}': {} elements are not finite", entry.name, not_finite)});
    }
  }
  if (json) {
    nlohmann::ordered_json metadata = nlohmann::ordered_json::object();
    for (const auto& [key, value] : file->metadata())
      metadata[key] = value;
    const nlohmann::ordered_json all = {{"tensors", list}, {"metadata", metadata}};
    fmt::print("{}\n", json_text(all));
    return Status::kDone;
  }
  table.rule();
  const size_t tensors = file->entries().size();
  table.row({fmt::format("{} tensor{}", tensors, tensors == 1 ? "" : "s"), "", "",
             thousands(elements), "", "", "", ""});
  std::fputs(table.text().c_str(), stdout);
  for (const auto& [key, value] : file->metadata())
    fmt::print("{}: {}\n", key, value);
  return Status::kDone;
}

}  // namespace

void add_weights(CLI::App& app, Session& session) {
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("weights", "List the tensors of a weights file");
  command->footer("linnet weights lenet.safetensors");
  command->add_option("FILE", *path, "A .safetensors file")->required();
  command->add_flag("--json", *json, "One JSON object instead of the table");
  command->callback([&session, path, json] {
    session.command = [path, json](Session& s) { return print_weights(s, *path, *json); };
  });
}

}  // namespace linnet::cli
