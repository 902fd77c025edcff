// Entry functions in C: pointers into the arena as it was planned, then the calls of kernels.
#pragma once

#include "codegen/emit/entries.h"
#include "codegen/emit/kernel_symbols.h"
#include "codegen/source/constants.h"

#include <string>

namespace linnet::codegen::source {

// What the functions of a file share.
struct File {
  const CompileOptions& options;
  const std::string& header;
  const KernelSymbols& kernels;
  Constants& constants;

  [[nodiscard]] std::string macro(const std::string& what) const;
  // The head of a function's definition, as the header declares it.
  [[nodiscard]] std::string head(const std::string& function) const;
};

[[nodiscard]] std::string entry_function(const File& file, const EntryInfo& entry);
// NAME_steps, NAME_reset, NAME_state_check.
[[nodiscard]] std::string stream_functions(const File& file, const EntryInfo& step);
// NAME_run_raw, NAME_step_raw with NAME_steps_raw, NAME_run_u8.
[[nodiscard]] std::string raw_function(const File& file, const RawFunction& raw);
// Scales and labels of the data block.
[[nodiscard]] std::string unit_definitions(const Ports& ports, const std::string& name);

// `function`, which calls `step` for each of `count` elements of its arrays, of `sizes` each.
[[nodiscard]] std::string steps_function(const File& file, const std::string& function,
                                         const std::string& step,
                                         const std::vector<std::string>& names,
                                         const std::vector<int64_t>& sizes);

}  // namespace linnet::codegen::source
