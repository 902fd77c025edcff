// What the record of scatter shares with its kernel.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

inline constexpr Key<Enum> kScatterReduce{"reduce"};

}  // namespace linnet::ir
