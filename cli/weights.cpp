// linnet weights F.safetensors: what a weights file holds.
#include "cli/json_text.h"
#include "cli/session.h"
#include "cli/text_table.h"

#include "base/io/safetensors.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace linnet::cli {
namespace {

struct Statistics {
  double least = 0, most = 0, mean = 0, deviation = 0;
  int64_t not_finite = 0;
};

// Over the finite elements.
Statistics statistics(const Tensor& tensor) {
  Statistics s;
  int64_t count = 0;
  double sum = 0;
  for (double v : tensor.as<double>()) {
    if (!std::isfinite(v)) {
      ++s.not_finite;
      continue;
    }
    s.least = count == 0 ? v : std::min(s.least, v);
    s.most = count == 0 ? v : std::max(s.most, v);
    sum += v;
    ++count;
  }
  if (count == 0) return s;
  s.mean = sum / static_cast<double>(count);
  double squares = 0;
  for (double v : tensor.as<double>())
    squares += std::isfinite(v) ? (v - s.mean) * (v - s.mean) : 0;
  s.deviation = std::sqrt(squares / static_cast<double>(count));
  return s;
}

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
    const Statistics s = statistics(tensor);
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
                    {"not_finite", s.not_finite}});
    if (s.not_finite != 0) {
      session.diagnostics.report(
          {.severity = Severity::kWarning,
           .place = {std::nullopt, path},
           .message = fmt::format("'{}': {} elements are not finite", entry.name, s.not_finite)});
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
