// `linnet_product_trainer`: what the training loop knows of a compiled step (base/abi/train.h).
#pragma once

#include "codegen/emit/emit.h"
#include "codegen/emit/trainer_info.h"

namespace linnet::codegen {

// Adds the constant, and functions with the signatures linnet_train_step_v1 and
// linnet_evaluate_v1. `module` is the planned one with @train_step, whose slots are all there are.
void emit_trainer(llvm::Module& out, const ir::Module& module, std::span<const EntryInfo> entries,
                  const TrainerInfo& info, const CompileOptions& options);

}  // namespace linnet::codegen
