// Linking Linux products within the compiler, where no other linker is installed.
#pragma once

#include "codegen/emit/compile.h"

#include <string>
#include <vector>

namespace linnet::codegen {

// What a link takes and makes, by files' names.
struct LinkInputs {
  std::vector<std::string> objects = {};  // the model's
  std::string runtime = "";               // libruntime.a; "": a shared library is made
  std::string soname = "";                // of the shared library
  std::string product = "";
};

// Was what the target's products are linked with there when linnet was built?
[[nodiscard]] bool links_within(const TargetRecord& record);
[[nodiscard]] Result<void, Failure> link_within(const Compiled& compiled, const LinkInputs& inputs);

}  // namespace linnet::codegen
