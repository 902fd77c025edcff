// The whole lowering, read top to bottom.
#include "passes/passes.h"

#include <array>

namespace linnet::passes {
namespace {

#define LINNET_PASS(name, summary)                                                                 \
  Pass {                                                                                           \
    #name, name, summary                                                                           \
  }

constexpr std::array kPipeline = std::to_array<Pass>({
    // From a model to a plain graph of what inference needs.
    LINNET_PASS(stream_series, "a model of a window also steps through its series"),
    LINNET_PASS(freeze_parameters, "parameters become constants"),
    LINNET_PASS(drop_dropout, "what only training needs goes"),
    LINNET_PASS(enter_training, "a training step draws its noise and takes the batch's statistics"),
    LINNET_PASS(differentiate, "gradients of the loss, and the optimiser's step"),
    LINNET_PASS(expand_ops, "ops defined by smaller ones become these"),
    LINNET_PASS(canonicalize, "equal programs get one form"),
    LINNET_PASS(fold_constants, "what constants alone decide is computed"),
    LINNET_PASS(fold_batch_norm, "a factor for each channel goes into the weight"),
    LINNET_PASS(share_subgraphs, "equal values are computed once"),
    LINNET_PASS(drop_dead, "what nothing needs goes"),
    // From ops to kernels.
    LINNET_PASS(fuse_epilogue, "bias, activation, residual join their convolution or matmul"),
    LINNET_PASS(fuse_pool, "a pool joins the kernel it reads"),
    LINNET_PASS(split_padding, "zeros around a picture are stored where a kernel wants it so"),
    LINNET_PASS(fuse_prologue, "a transpose joins the matmul that reads it as well in place"),
    LINNET_PASS(group_kernels, "the rest becomes kernels"),
    // How each kernel is computed, and where its data lies.
    LINNET_PASS(choose_schedules, "a family and its numbers for each kernel"),
    LINNET_PASS(choose_layout, "physical layouts between kernels"),
    LINNET_PASS(pack_weights, "constants in the order they are read"),
    LINNET_PASS(outline_kernels, "equal kernels are one function"),
    LINNET_PASS(plan_memory, "an address for every value"),
});

}  // namespace

std::span<const Pass> pipeline() {
  return kPipeline;
}

}  // namespace linnet::passes
