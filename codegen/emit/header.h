// The C99 header of a compiled model.
#pragma once

#include "codegen/emit/compile.h"
#include "codegen/emit/ports.h"

#include <string>
#include <vector>

namespace linnet::codegen {

// One function of the library, of those for each batch size.
struct HeaderEntry {
  std::string function;
  int64_t batch = 1;
  Ports ports;
  bool step = false;   // NAME_step: with a state before the arena
  std::string state;   // lines that say where what lies in it
  int64_t warmup = 0;  // steps until its windows are full
  // Of the arena: what the plan takes, and behind it what the entry in the data's units does.
  int64_t planned_bytes = 0, raw_bytes = 0;
  std::string raw_function;
};

// "float"; a C identifier, with the prefix if the name begins with none's letter; "LENET".
[[nodiscard]] std::string c_type(ir::DType dtype);
[[nodiscard]] std::string c_name(const std::string& name, const std::string& prefix = "v");
[[nodiscard]] std::string upper_case(std::string text);
// The model's own text, where it ends and begins no comment.
[[nodiscard]] std::string in_comment(std::string text);

[[nodiscard]] std::string c_header(const std::vector<HeaderEntry>& entries,
                                   const Compiled& compiled, const CompileOptions& options);

}  // namespace linnet::codegen
