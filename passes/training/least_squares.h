// Which models may ask for `optimizer: least_squares()`.
#pragma once

#include "ir/module.h"
#include "passes/run/pass.h"

namespace linnet::passes {

// Legal where the loss is `mse` and the model's only output is affine in every parameter that is
// trained: then its derivatives by them do not depend on them. Appends an error to `context` at the
// first op whose derivative does, or at the declaration that rules it out.
void check_least_squares(const ir::Module& module, PassContext& context);

}  // namespace linnet::passes
