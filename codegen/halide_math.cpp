#include "codegen/halide_math.h"

#include "support/check.h"

namespace linnet::codegen {

Halide::Expr elementary(ir::ScalarOp op, const std::vector<Halide::Expr>&) {
  LINNET_CHECK(false, "no kernel for " + std::string(name(op)));
}

}  // namespace linnet::codegen
