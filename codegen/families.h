// The kernel families: a name of ir::Schedule and the function that translates it.
#pragma once

#include "codegen/lowering.h"

#include <span>
#include <string_view>
#include <vector>

namespace linnet::codegen {

struct LoweringFamily {
  std::string_view name;
  // Outputs of the kernel, scheduled.
  std::vector<Halide::Func> (*lower)(Lowering&, const ir::Schedule&);
};

[[nodiscard]] std::span<const LoweringFamily> lowering_families();

// codegen/kernels/, one file each.
[[nodiscard]] std::vector<Halide::Func> lower_generic(Lowering& lowering,
                                                      const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_direct(Lowering& lowering,
                                                     const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_depthwise(Lowering& lowering,
                                                        const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_pooled_rows(Lowering& lowering,
                                                          const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_dense(Lowering& lowering,
                                                    const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_gemm(Lowering& lowering,
                                                   const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_relayout(Lowering& lowering,
                                                       const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_rows(Lowering& lowering,
                                                   const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_taps(Lowering& lowering,
                                                   const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_pieces(Lowering& lowering,
                                                     const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_sums(Lowering& lowering,
                                                   const ir::Schedule& schedule);
[[nodiscard]] std::vector<Halide::Func> lower_scatter(Lowering& lowering,
                                                      const ir::Schedule& schedule);

// Taps along a row that are written out one after the other; more are a loop.
inline constexpr int64_t kMostUnrolledTaps = 11;

// The node with trait kAnchor of a kernel that has one.
[[nodiscard]] const ir::Node& anchor_of(const ir::Graph& kernel);

}  // namespace linnet::codegen
