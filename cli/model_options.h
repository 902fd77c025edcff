// The flags of every command that takes a model, and what they give.
#pragma once

#include "cli/session.h"
#include "codegen/object/target.h"
#include "driver/model.h"
#include "ir/module.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

struct ModelOptions {
  std::string path;
  std::string weights;
  std::vector<std::string> maps;      // OLD=NEW
  std::vector<std::string> settings;  // NAME=VALUE
  std::vector<std::string> binds;     // NAME=N, NAME=0.5, NAME=@F.npy
  std::optional<int64_t> batch;       // where it is given
  uint64_t seed = 0;
  std::optional<std::string> target;  // nullopt: "native", unless the product is for another
  std::string schedule_like;          // a target's name; "": the target's own schedules
  bool exact_fma = false;
  bool portable = false;  // C for any machine: none may be named
  std::string section_code, section_constants;
  std::string model;  // which of several models in the file
  std::string dtype = "f32";

  // MODEL, --model, --set, --bind, --batch.
  void add_model(CLI::App& command);
  // The two halves of that.
  void add_path(CLI::App& command);
  void add_model_settings(CLI::App& command);
  // Samples in a call, of a command that knows no better: a trainer takes its block's.
  [[nodiscard]] int64_t samples() const { return batch.value_or(1); }
  // --weights, --map, --seed.
  void add_weights(CLI::App& command);
  // --dtype.
  void add_dtype(CLI::App& command);
  // --target, --schedule-like, --exact-fma.
  void add_target(CLI::App& command);
  // --section-code, --section-constants.
  void add_sections(CLI::App& command);
  // The model by these flags, read once; nullopt with diagnostics. `passes`: of the command.
  [[nodiscard]] std::optional<driver::Model> open(Session& session,
                                                  const driver::PassOptions& passes = {}) const;
  // Its module for `samples()` samples, for a command that needs no other.
  [[nodiscard]] std::optional<ir::Module>
  load(Session& session, const driver::PassOptions& passes = {}, bool training = false) const;
  // False, with an error, if `output`, of the flag, is a file that the command reads: it would be
  // lost.
  [[nodiscard]] bool spares(Session& session, const std::string& output,
                            const std::string& tuning = "", std::string_view flag = "-o") const;
  [[nodiscard]] std::optional<codegen::Target> find_target(Session& session) const;

private:
  [[nodiscard]] bool set_sections(Session& session, codegen::Target& of) const;
};

// "A=B" at the first '='; nullopt, with an error that names `flag`, otherwise.
[[nodiscard]] std::optional<std::pair<std::string, std::string>>
split_assignment(Session& session, std::string_view flag, const std::string& text);

// What is wrong with the value of an -o that names a file and no stream, for CLI::Option::check;
// "": nothing.
[[nodiscard]] std::string file_fault(const std::string& path);
// The same of a --seed.
[[nodiscard]] std::string seed_fault(const std::string& text);

// Of samples, sizes, epochs: what fits 31 bits.
inline constexpr int64_t kMostCount = std::numeric_limits<int32_t>::max();

// A count from 1 to kMostCount, or nullopt.
[[nodiscard]] std::optional<int64_t> parse_count(const std::string& text);

}  // namespace linnet::cli
