// The ES module and the TypeScript types of a model in WebAssembly.
#pragma once

#include "codegen/emit/header.h"

#include <vector>

namespace linnet::codegen {

// Links the model's objects, and fills in the module and its texts, less the first lines of the ES
// module, which name the file. Behind the module's own bytes, whose end the linker tells, lie
// ports, the first state and the arena.
[[nodiscard]] Result<void, Failure> add_es_module(Compiled& compiled,
                                                  const std::vector<HeaderEntry>& entries,
                                                  const CompileOptions& options);

}  // namespace linnet::codegen
