// The ES module of a trainer in WebAssembly.
#pragma once

#include "codegen/emit/emit.h"

#include <span>

namespace linnet::codegen {

// Links the trainer's objects, and fills in the module and its texts. `module` is the planned one
// with @train_step, whose slots are all there are.
[[nodiscard]] Result<void, Failure> add_es_trainer(Compiled& compiled, const ir::Module& module,
                                                   std::span<const EntryInfo> entries,
                                                   const CompileOptions& options);

}  // namespace linnet::codegen
