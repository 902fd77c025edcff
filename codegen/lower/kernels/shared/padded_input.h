// A convolution's input with its padding, copied once onto the stack.
#pragma once

#include "codegen/lower/lowering.h"
#include "ir/ops/shared/window.h"

#include <Halide.h>

namespace linnet::codegen {

// f(x, y, c, n): the input at (n, c, y - top, x - left), 0 in the padding; zeros and then the
// interior, so that no element is read under a condition. `extra` zeros follow each row.
// Scheduled: computed once for each `n` of `consumer` (its variable of the batch), on the stack.
struct PaddedInput {
  Halide::Func func;
  Halide::Var x{"x"}, y{"y"}, c{"c"}, n{"n"};
  Halide::RDom interior;

  PaddedInput(Lowering& lowering, ir::ValueId input, const ir::Window& rows,
              const ir::Window& columns);
  // Extents that a reader may ask for; lanes: of one vector.
  void schedule(Halide::Func consumer, const Halide::Var& batch, int lanes);

private:
  int width_ = 0, height_ = 0;
};

}  // namespace linnet::codegen
