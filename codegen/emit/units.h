// The units of a port's numbers and those of the data behind them ("raw"), as `data` declares them:
// what the header says, and what NAME_run_raw, NAME_step_raw and NAME_run_u8 convert.
#pragma once

#include "codegen/emit/ports.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::codegen {

using ir::Units;

[[nodiscard]] Units units_of(const PortInfo& port, const Ports& ports);
// What they are to a person; `macro` begins the names of the port's constants.
[[nodiscard]] std::string unit_text(const PortInfo& port, const Ports& ports,
                                    const std::string& macro);

// What an entry that takes raw values converts, and where it holds the model's values of it: on the
// stack where they are few, else in the arena behind what the plan takes.
struct RawEntry {
  struct Port {
    Units units;
    int64_t at = -1;  // offset in the scratch; -1: the caller's own memory
  };
  std::vector<Port> inputs, outputs;
  int64_t scratch_bytes = 0;  // a multiple of 64
  bool on_stack = false;
  [[nodiscard]] int64_t arena_bytes() const { return on_stack ? 0 : scratch_bytes; }
};

// NAME_run_raw, NAME_step_raw; nullopt where there is nothing to convert, or pictures of a batch.
[[nodiscard]] std::optional<RawEntry> raw_entry(const Ports& ports);

// NAME_run_u8: the same of an entry whose only input is one picture; nullopt of any other.
[[nodiscard]] std::optional<RawEntry> picture_entry(const Ports& ports);

// Names of the ports in C: no keyword, none twice, also not in capitals; inputs, then outputs.
[[nodiscard]] std::vector<std::string> parameter_names(const Ports& ports);

// Constants that header and object give of the data block: NAME_<port>_mean, _std and _scale;
// NAME_labels of the first output of classes, NAME_<port>_labels of others, NAME_<port>_categories.
struct UnitConstant {
  std::string symbol;
  std::vector<double> numbers;     // of scales
  std::vector<std::string> texts;  // of labels and categories
};
[[nodiscard]] std::vector<UnitConstant> unit_constants(const Ports& ports, const std::string& name);

}  // namespace linnet::codegen
