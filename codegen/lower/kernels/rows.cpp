#include "codegen/lower/kernels/rows.h"

#include "codegen/lower/families.h"

#include "support/check.h"

#include <array>

namespace linnet::codegen {
namespace {

namespace ops = ir::ops;

const std::array kRows = std::to_array<LoweringRow>({
    {&ops::conv2d, lower_conv2d},
    {&ops::matmul, lower_matmul},
    {&ops::max_pool2d, lower_max_pool2d},
    {&ops::max_pool2d_index, lower_max_pool2d_index},
    {&ops::max_pool2d_backward, lower_max_pool2d_backward},
    {&ops::avg_pool2d, lower_avg_pool2d},
    {&ops::sum, lower_sum},
    {&ops::mean, lower_mean},
    {&ops::prod, lower_prod},
    {&ops::amax, lower_amax},
    {&ops::amin, lower_amin},
    {&ops::reshape, lower_reshape},
    {&ops::flatten, lower_reshape},
    {&ops::transpose, lower_transpose},
    {&ops::concat, lower_concat},
    {&ops::slice, lower_slice},
    {&ops::gather, lower_gather},
    {&ops::pad, lower_pad},
    {&ops::broadcast_to, lower_broadcast_to},
    {&ops::cast, lower_cast},
    {&ops::dropout, lower_identity},
    {&ops::random_uniform, lower_random_uniform},
});

}  // namespace

std::span<const LoweringRow> lowering_rows() {
  return kRows;
}

const ir::Node& anchor_of(const ir::Graph& kernel) {
  for (const ir::Node& node : kernel.nodes()) {
    if (node.op->has(ir::kAnchor)) return node;
  }
  LINNET_CHECK(false, "kernel @" + kernel.name + " has no anchor");
}

std::vector<Halide::Func> lower(Lowering& lowering, const ir::Schedule& schedule) {
#define LINNET_FAMILY(name, Struct)                                                                \
  if (schedule.family == #name) return lower(lowering, passes::numbers<passes::Struct>(schedule));
#include "passes/schedule/families.def"
#undef LINNET_FAMILY
  LINNET_CHECK(false, "no kernel family '" + schedule.family + "'");
}

}  // namespace linnet::codegen
