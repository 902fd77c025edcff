// linnet passes: the pipeline as a table, by phases.
#include "cli/session.h"
#include "passes/run/pass.h"
#include "support/json_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace linnet::cli {
namespace {

// For whom a row runs, where it is not for all.
std::string_view asked_by(const passes::Pass& pass) {
  if (pass.only_if == &passes::PassContext::f64) return "--dtype f64";
  if (pass.only_if == &passes::PassContext::narrow) return "--weights-dtype";
  if (pass.only_if == &passes::PassContext::gradients) return "train --logdir, --emit exe";
  if (pass.only_if == &passes::PassContext::first_values) return "train --emit lib, shared, obj";
  return "";
}

std::vector<std::string> needs_of(const passes::Pass& pass) {
  std::vector<std::string> names;
  for (const passes::Pass& row : passes::pipeline()) {
    if (std::ranges::find(pass.needs, row.run) != pass.needs.end()) names.emplace_back(row.name);
  }
  return names;
}

void print_text() {
  for (const passes::Phase phase : passes::kPhases) {
    fmt::print("{}{}: {}\n", phase == passes::kPhases.front() ? "" : "\n", passes::name(phase),
               passes::summary(phase));
    for (const passes::Pass& pass : passes::pipeline(phase, phase)) {
      const std::string_view asked = asked_by(pass);
      fmt::print("  {:<18} {}{}\n", pass.name, pass.summary,
                 asked.empty() ? "" : fmt::format(" ({})", asked));
    }
  }
}

void print_json() {
  nlohmann::ordered_json phases = nlohmann::ordered_json::array();
  for (const passes::Phase phase : passes::kPhases) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const passes::Pass& pass : passes::pipeline(phase, phase)) {
      rows.push_back({{"pass", pass.name},
                      {"summary", pass.summary},
                      {"needs", needs_of(pass)},
                      {"only_if", asked_by(pass)},
                      {"keeps_values", pass.keeps_values}});
    }
    phases.push_back(
        {{"phase", passes::name(phase)}, {"summary", passes::summary(phase)}, {"passes", rows}});
  }
  fmt::print("{}\n", json_text(phases));
}

}  // namespace

void add_passes(CLI::App& app, Session& session) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("passes", "The passes of the pipeline, by phases");
  command->footer("linnet passes");
  command->add_flag("--json", *json, "One JSON array of phases instead of the list");
  command->callback([&session, json] {
    session.command = [json](Session&) {
      *json ? print_json() : print_text();
      return Status::kDone;
    };
  });
}

}  // namespace linnet::cli
