// Padding resolved against a shape, for evaluation and code generation.
#pragma once

#include "ir/op_def.h"

namespace linnet::ir {

inline constexpr Key<Ints> kPads{"pads"};
inline constexpr Key<Enum> kPadMode{"mode"};
inline constexpr Key<double> kPadValue{"value"};

// Input position of output position `at` of a dimension of size `size` with `before` elements
// in front; -1 in constant mode outside the input.
[[nodiscard]] int64_t padded_source(int64_t at, int64_t before, int64_t size,
                                    std::string_view mode);

}  // namespace linnet::ir
