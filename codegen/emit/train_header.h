// The C99 header of a training library.
#pragma once

#include "codegen/emit/emit.h"

#include <span>
#include <string>

namespace linnet::codegen {

// `module` is the planned one with @train_step, whose slots are all there are.
[[nodiscard]] std::string training_header(const ir::Module& module,
                                          std::span<const EntryInfo> entries,
                                          const Compiled& compiled, const CompileOptions& options);

}  // namespace linnet::codegen
