// The flags of every command that takes a model, and what they give.
#pragma once

#include "cli/session.h"
#include "codegen/object/target.h"
#include "frontend/load.h"
#include "frontend/weights.h"
#include "ir/module.h"

#include <cstdint>
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
  int64_t batch = 1;
  uint64_t seed = 0;
  std::string target = "native";
  std::string model;  // which of several models in the file
  std::string dtype = "f32";
  bool training = false;  // also the graphs of the train block

  // MODEL, --model, --set, --bind, --batch.
  void add_model(CLI::App& command);
  // --weights, --map, --seed.
  void add_weights(CLI::App& command);
  // --dtype.
  void add_dtype(CLI::App& command);
  // --target.
  void add_target(CLI::App& command);
  // The module with its weights, for `batch` samples; nullopt with diagnostics.
  [[nodiscard]] std::optional<ir::Module> load(Session& session, int64_t batch) const;
  // The same without a word if it cannot be: does the model take that many samples?
  [[nodiscard]] std::optional<ir::Module> try_load(int64_t batch) const;
  // False, with an error, if `output` is a file that the command reads: it would be lost.
  [[nodiscard]] bool spares(Session& session, const std::string& output) const;
  [[nodiscard]] std::optional<codegen::Target> find_target(Session& session) const;
};

// "A=B" at the first '='; nullopt, with an error that names `flag`, otherwise.
[[nodiscard]] std::optional<std::pair<std::string, std::string>>
split_assignment(Session& session, std::string_view flag, const std::string& text);

// A count from 1 to 2^31 − 1, or nullopt.
[[nodiscard]] std::optional<int64_t> parse_count(const std::string& text);

}  // namespace linnet::cli
