// The whole lowering, read top to bottom: what runs, in which phase, behind what, for whom.
#include "passes/passes.h"

namespace linnet::passes {
namespace {

// phase, name, summary, {rows it needs before it}, &PassContext::only_if, keeps values.
#define LINNET_PASS(phase, name, summary, ...)                                                     \
  Pass {                                                                                           \
    Phase::phase, #name, name, summary __VA_OPT__(, ) __VA_ARGS__                                  \
  }

// clang-format off
constexpr std::array kPipeline = std::to_array<Pass>({
    // The model as it was written.
    LINNET_PASS(kImported, widen_floats, "f32 becomes f64", {}, &PassContext::f64, false),

    // From a model to the entries that are called: what inference needs, or a step of training.
    LINNET_PASS(kTraining, stream_series, "a model of a window also steps through its series",
                {widen_floats}),
    LINNET_PASS(kTraining, freeze_parameters, "parameters become constants"),
    LINNET_PASS(kTraining, drop_dropout, "what only training needs goes"),
    LINNET_PASS(kTraining, enter_training,
                "a training step draws its noise and takes the batch's statistics",
                {}, nullptr, false),
    LINNET_PASS(kTraining, split_shards,
                "a step whose batch has shards is the step of one, and the update",
                {enter_training}, nullptr, false),
    LINNET_PASS(kTraining, log_gradients, "the gradients of a step also as an entry of their own",
                {enter_training, split_shards}, &PassContext::gradients),
    LINNET_PASS(kTraining, differentiate, "gradients of the loss, and the optimiser's step",
                {enter_training, split_shards, log_gradients}),
    LINNET_PASS(kTraining, first_values, "an entry that gives every slot its first value",
                {differentiate}, &PassContext::first_values),

    // To a plain graph of ops that have kernels.
    LINNET_PASS(kCanonical, outline_loops, "a loop's body is a graph of the module",
                {freeze_parameters, differentiate, first_values}),
    LINNET_PASS(kCanonical, expand_ops, "ops defined by smaller ones become these",
                {drop_dropout, enter_training, differentiate, first_values, outline_loops}),
    LINNET_PASS(kCanonical, canonicalize, "equal programs get one form", {expand_ops}),
    LINNET_PASS(kCanonical, fold_constants, "what constants alone decide is computed",
                {expand_ops}),
    LINNET_PASS(kCanonical, fold_batch_norm, "a factor for each channel goes into the weight",
                {expand_ops, fold_constants}),
    LINNET_PASS(kCanonical, share_subgraphs, "equal values are computed once", {canonicalize}),
    LINNET_PASS(kCanonical, drop_dead, "what nothing needs goes"),

    // From ops to kernels.
    LINNET_PASS(kFused, fuse_epilogue,
                "bias, activation, residual join their convolution or matmul", {canonicalize}),
    LINNET_PASS(kFused, fuse_pool, "a pool joins the kernel it reads", {fuse_epilogue}),
    LINNET_PASS(kFused, split_padding,
                "zeros around a picture are stored where a kernel wants it so",
                {fuse_epilogue, fuse_pool}),
    LINNET_PASS(kFused, fuse_prologue,
                "a transpose joins the matmul that reads it as well in place",
                {fuse_epilogue, split_padding}),
    LINNET_PASS(kFused, group_kernels, "the rest becomes kernels",
                {fuse_epilogue, fuse_pool, fuse_prologue}),

    LINNET_PASS(kFused, narrow_weights, "weights that wait for memory are stored in half",
                {group_kernels}, &PassContext::narrow, false),

    // How each kernel is computed, and how its data lies.
    LINNET_PASS(kScheduled, choose_schedules, "a family and its numbers for each kernel",
                {group_kernels, narrow_weights}),
    LINNET_PASS(kScheduled, choose_halo,
                "zeros around a picture are there where its kernel stores it",
                {choose_schedules}),
    LINNET_PASS(kScheduled, choose_layout, "physical layouts between kernels",
                {choose_schedules, choose_halo}),
    LINNET_PASS(kScheduled, pack_weights, "constants in the order they are read",
                {choose_schedules}),

    // What is a function, and where each value lies.
    LINNET_PASS(kPlanned, outline_kernels, "equal kernels are one function",
                {choose_layout, pack_weights}),
    LINNET_PASS(kPlanned, plan_memory, "an address for every value", {outline_kernels}),
});
// clang-format on

}  // namespace

std::span<const Pass> pipeline() {
  return kPipeline;
}

}  // namespace linnet::passes
