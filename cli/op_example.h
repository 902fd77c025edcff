// A small graph of any op, made of its record: what `linnet explain` shows it at.
#pragma once

#include "ir/module.h"
#include "ir/op_def.h"

#include <optional>

namespace linnet::cli {

// One node of the op, its operands the first types of a short list that the record takes, required
// attributes likewise; of an anchor the operands behind the first are constants, as weights are.
// nullopt where no combination fits, and for constants, groups and calls.
[[nodiscard]] std::optional<ir::Module> op_example(const ir::OpDef& op);

}  // namespace linnet::cli
