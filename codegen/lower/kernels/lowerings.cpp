// The tables of the ops that have a kernel, and of the kernel families.
#include "codegen/lower/kernels/ops/op_kernels.h"

#include "codegen/lower/families.h"

#include "support/check.h"

#include <array>

namespace linnet::codegen {
namespace {

const auto kLowerings = std::to_array<OpLowering>({
#define LINNET_KERNEL_OP(name) {&ir::ops::name, lower_##name},
#include "ir/ops.def"
});

}  // namespace

std::span<const OpLowering> lowerings() {
  return kLowerings;
}

const ir::Node& anchor_of(const ir::Graph& kernel) {
  for (const ir::Node& node : kernel.nodes()) {
    if (node.op->has(ir::kAnchor)) return node;
  }
  LINNET_CHECK(false, "kernel @" + kernel.name + " has no anchor");
}

std::vector<Halide::Func> lower(Lowering& lowering, const ir::Schedule& schedule) {
#define LINNET_FAMILY(name)                                                                        \
  if (schedule.family == #name) return name##_kernel(lowering, schedule);
#include "passes/schedule/families.def"
  LINNET_CHECK(false, "no kernel family '" + schedule.family + "'");
}

}  // namespace linnet::codegen
