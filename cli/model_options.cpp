// Defines --set, --bind, --batch, --weights, --target, and loads the model they describe.
#include "cli/model_options.h"

#include "base/text.h"
#include "cli/help.h"
#include "cli/text_module.h"
#include "codegen/source/c_source.h"
#include "driver/train.h"
#include "frontend/onnx/import/fixed_input.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

namespace linnet::cli {

void ModelOptions::add_path(CLI::App& command) {
  command.add_option("MODEL", path, "A model: .lin, .onnx, or .lir (text IR)")->required();
}

void ModelOptions::add_model(CLI::App& command) {
  add_path(command);
  add_model_settings(command);
}

void ModelOptions::add_model_settings(CLI::App& command) {
  const TitledOptions title(command, "Model options");
  command.add_option("--model", model, "Which model, if the file has several")->type_name("NAME");
  command.add_option("--set", settings, "Value of a setting of the model")->type_name("NAME=VALUE");
  command.add_option("--bind", binds, "Size of a dimension, or value of an input (N or @F.npy)")
      ->type_name("NAME=N");
  command.add_option("--batch", batch, "Samples in one call (dimension N)")
      ->check(CLI::Range(int64_t{1}, kMostCount))
      ->type_name("N");
}

void ModelOptions::add_weights(CLI::App& command) {
  const TitledOptions title(command, "Weights options");
  command.add_option("--weights", weights, "Trained parameters, .safetensors")->type_name("FILE");
  command.add_option("--map", maps, "Tensor OLD of the file is the parameter NEW")
      ->type_name("OLD=NEW");
  command.add_option("--seed", seed, "Seed of the initial values, used without --weights")
      ->check(seed_fault)
      ->type_name("N");
}

void ModelOptions::add_dtype(CLI::App& command) {
  const TitledOptions title(command, "Model options");
  command.add_option("--dtype", dtype, "Computes in this type where the model says f32")
      ->check(CLI::IsMember({"f32", "f64"}));
}

void ModelOptions::add_target(CLI::App& command) {
  const TitledOptions title(command, "Compilation options");
  command
      .add_option("--target", target,
                  "Machine to compile for: a row of `linnet targets`, a CPU's name")
      ->type_name("TARGET[:CPU]")
      ->default_str("native");
  command
      .add_option("--schedule-like", schedule_like,
                  "Schedules of this target: its order of sums, so its bits; scalar: of --emit c")
      ->type_name("TARGET[:CPU]");
  command.add_flag("--exact-fma", exact_fma,
                   "Without such an instruction: round a product and its sum once all the same");
}

void ModelOptions::add_sections(CLI::App& command) {
  const TitledOptions title(command, "Compilation options");
  const auto checked = [](bool code) {
    return [code](const std::string& name) { return codegen::section_fault(name, code); };
  };
  command
      .add_option("--section-code", section_code, "ELF section of all code, for a linker script")
      ->check(checked(true))
      ->type_name("NAME");
  command
      .add_option("--section-constants", section_constants,
                  "ELF section of weights and all constants")
      ->check(checked(false))
      ->type_name("NAME");
}

std::optional<std::pair<std::string, std::string>>
split_assignment(Session& session, std::string_view flag, const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0) {
    session.error(fmt::format("{} takes NAME=VALUE, not '{}'", flag, text), Status::kBadCall);
    return std::nullopt;
  }
  return std::pair{text.substr(0, at), text.substr(at + 1)};
}

std::string file_fault(const std::string& path) {
  if (path != "-") return "";
  return "it writes a file, not standard output; a file of this name is ./-";
}

std::string seed_fault(const std::string& text) {
  uint64_t seed = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, seed);
  if (code == std::errc() && stop == end) return "";
  return fmt::format("Value {} not in range 0 to {}", text, UINT64_MAX);
}

std::optional<int64_t> parse_count(const std::string& text) {
  int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, count);
  if (code != std::errc() || stop != end || count < 1 || count > kMostCount) return std::nullopt;
  return count;
}

namespace {

// The size of a dimension, or the value of an input: 64, -0.5, true, @F.npy.
bool bind(Session& session, const std::string& name, const std::string& text,
          frontend::ImportOptions& options) {
  if (text.starts_with('@')) {
    const auto file = frontend::fixed_file(text.substr(1));
    if (!file) {
      session.error(file.error().message, file.error().status);
      return false;
    }
    options.values[name] = *file;
    return true;
  }
  if (const auto count = parse_count(text)) {
    options.binds[name] = *count;
    return true;
  }
  const auto number = frontend::fixed_number(text);
  if (!number) {
    session.error(fmt::format("--bind {}={}: the size of a dimension, from 1 to {}, or the value "
                              "of an input, a number or @FILE.npy, is expected",
                              name, text, kMostCount),
                  Status::kBadCall);
    return false;
  }
  options.values[name] = *number;
  return true;
}

}  // namespace

std::optional<driver::Model> ModelOptions::open(Session& session,
                                                const driver::PassOptions& passes) const {
  session.model = path;
  driver::ModelOptions options;
  options.path = path;
  options.weights = weights;
  options.f64 = dtype == "f64";
  options.passes = passes;
  options.import.model = model;
  bool ok = true;
  for (const std::string& text : settings) {
    auto pair = split_assignment(session, "--set", text);
    const auto same = [&](const auto& other) { return pair && other.first == pair->first; };
    if (std::ranges::any_of(options.import.settings, same)) {
      session.error(fmt::format("--set {} is given twice", pair->first), Status::kBadCall);
      ok = false;
    } else if (pair) {
      options.import.settings.push_back(std::move(*pair));
    } else {
      ok = false;
    }
  }
  for (const std::string& text : maps) {
    if (auto pair = split_assignment(session, "--map", text)) {
      options.map.push_back(std::move(*pair));
    } else {
      ok = false;
    }
  }
  for (const std::string& text : binds) {
    const auto pair = split_assignment(session, "--bind", text);
    ok = pair && bind(session, pair->first, pair->second, options.import) && ok;
  }
  if (!ok) return std::nullopt;
  const Working working(session, "reading " + path);
  auto opened = driver::Model::open(std::move(options), session.host);
  // Before anything is made of it: what a person may have changed in text IR.
  if (opened && path.ends_with(".lir")) {
    const ir::Module* module = opened->at_batch(1);
    if (!module || !schedules_are_legal(session, path, *module)) return std::nullopt;
  }
  return opened;
}

std::optional<ir::Module> ModelOptions::load(Session& session, const driver::PassOptions& passes,
                                             bool training) const {
  auto opened = open(session, passes);
  if (!opened) return std::nullopt;
  const Working working(session, "reading " + path);
  const ir::Module* module = !training ? opened->at_batch(samples())
                             : batch   ? driver::step_at_batch(*opened, *batch, session.host)
                                       : opened->training_at_batch(1);
  return module ? std::optional(*module) : std::nullopt;
}

bool ModelOptions::spares(Session& session, const std::string& output, const std::string& tuning,
                          std::string_view flag) const {
  std::error_code none;
  for (const std::string& input : {path, weights, tuning}) {
    if (input.empty() || output.empty() || !std::filesystem::equivalent(input, output, none))
      continue;
    session.error(fmt::format("{} {} would overwrite what is read", flag, output), Status::kBadCall,
                  "give the result another name");
    return false;
  }
  return true;
}

bool ModelOptions::set_sections(Session& session, codegen::Target& of) const {
  if (section_code.empty() && section_constants.empty()) return true;
  if (!of.record.is_elf()) {
    session.error(fmt::format("--section-{}: {} has no ELF sections",
                              section_code.empty() ? "constants" : "code", of.record.name),
                  Status::kUnsupported, "leave it out");
    return false;
  }
  if (section_code == section_constants) {
    session.error(fmt::format("code and constants cannot share the section {}", section_code),
                  Status::kBadCall, "name two sections");
    return false;
  }
  of.code_section = section_code;
  of.constants_section = section_constants;
  return true;
}

std::optional<codegen::Target> ModelOptions::find_target(Session& session) const {
  if (portable) {
    const bool plain = !target && schedule_like.empty() && !exact_fma && section_code.empty() &&
                       section_constants.empty();
    if (plain) return codegen::source_target();
    session.error("--emit c is one file for all machines, and takes no --target, --schedule-like, "
                  "--exact-fma or sections",
                  Status::kBadCall,
                  "leave it out; --schedule-like scalar gives a library its bits");
    return std::nullopt;
  }
  codegen::FoundTarget found = codegen::find_target(target.value_or("native"));
  if (!found.ok) {
    session.error(found.message, Status::kBadCall);
    return std::nullopt;
  }
  codegen::Target& result = found.target;
  result.exact_fma = exact_fma && !result.info.fma;
  if (!set_sections(session, result)) return std::nullopt;
  if (schedule_like.empty()) return result;
  if (schedule_like == "scalar") {
    result.info = codegen::in_scalar_order(std::move(result.info));
    return result;
  }
  codegen::FoundTarget like = codegen::find_target(schedule_like);
  if (!like.ok) {
    session.error("--schedule-like: " + like.message, Status::kBadCall);
    return std::nullopt;
  }
  like.target.info.name = result.info.name;
  like.target.info.fma = result.info.fma;
  result.info = like.target.info;
  return result;
}

}  // namespace linnet::cli
