// Defines the padded copy of a convolution's input and its schedule: zeros, then the picture.
#include "codegen/lower/kernels/shared/padded_input.h"

namespace linnet::codegen {

PaddedInput::PaddedInput(Lowering& lowering, ir::ValueId input, const ir::Window& rows,
                         const ir::Window& columns)
    : func("padded") {
  const ir::Type& type = lowering.type(input);
  width_ = static_cast<int>(type.shape[3]);
  height_ = static_cast<int>(type.shape[2]);
  const int left = static_cast<int>(columns.before);
  const int top = static_cast<int>(rows.before);
  interior = Halide::RDom(left, width_, top, height_, "interior");
  func(x, y, c, n) = literal(type.dtype, 0);
  func(interior.x, interior.y, c, n) =
      lowering.at(input, {n, c, interior.y - top, interior.x - left});
}

void PaddedInput::schedule(Halide::Func consumer, const Halide::Var& batch, int lanes) {
  func.compute_at(consumer, batch).store_in(Halide::MemoryType::Stack);
  func.vectorize(x, lanes, Halide::TailStrategy::RoundUp);
  // Whole rows of the input are vectors of any length, which LLVM cuts into what there is; one, two
  // or eight registers a vector move nothing (0.99x to 1.01x, LeNet conv1 without its pool, Zen 5).
  func.update().vectorize(interior.x, std::min(width_, 4 * lanes),
                          Halide::TailStrategy::GuardWithIf);
}

}  // namespace linnet::codegen
