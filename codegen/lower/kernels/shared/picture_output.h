// The output of a convolution, [N, G·C, H, W], as an array of five dimensions, so that a kernel may
// cut the channels of one group into vectors.
#pragma once

#include "codegen/lower/lowering.h"

#include <Halide.h>

namespace linnet::codegen {

struct PictureOutput {
  Halide::Var channel{"channel"}, group{"group"}, x{"x"}, y{"y"}, n{"n"};

  PictureOutput(Lowering& lowering, int groups);
  // The kernel's only output over its stored dimensions, bounds set. Called when the
  // stage of its convolution is defined, which it reads.
  [[nodiscard]] Halide::Func define(Lowering& lowering) const;
  // The same result as a stage, with channels innermost, and the output, which is a copy of it in
  // rows.
  struct Copied {
    Halide::Func stage, output;
  };
  [[nodiscard]] Copied define_copied(Lowering& lowering) const;

  [[nodiscard]] bool in_rows() const { return vars_.front().same_as(x); }
  // Bytes from channel to channel.
  [[nodiscard]] int64_t channel_bytes() const { return 4 * dims_[in_rows() ? 2 : 0].stride; }

private:
  [[nodiscard]] Halide::Func element(Lowering& lowering, const char* name) const;
  void bound(Halide::Func& func) const;

  int outputs_ = 0;                // channels of one group
  std::vector<Halide::Var> vars_;  // innermost first, as the dimensions
  std::vector<BufferDim> dims_;
};

}  // namespace linnet::codegen
