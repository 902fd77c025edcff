// What a chip without f64 computes slowly.
#pragma once

#include "codegen/object/target.h"
#include "driver/host.h"
#include "ir/module.h"

namespace linnet::driver {

// One remark for the model if it computes f64 on a target that does so in software, with the first
// node that does and how many there are.
void report_software_doubles(const ir::Module& module, const codegen::TargetRecord& target,
                             const Host& host);

}  // namespace linnet::driver
