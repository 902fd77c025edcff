// Every pass of the pipeline. A comment says what it does, what must have run before (needs), what
// holds afterwards (leaves), and an example; pipeline.cpp is the order.
#pragma once

#include "passes/run/pass.h"

namespace linnet::passes {

// Does: f32 becomes f64 everywhere, constants and slots too, where --dtype f64 asks for it.
// Needs: a module as it is imported.
// Leaves: no f32.
//   graph @predict(%x: f32[1,4]) …   →   graph @predict(%x: f64[1,4]) …
[[nodiscard]] ir::Module widen_floats(ir::Module module, PassContext& context);

// Does: a model whose inputs are all windows over series gets a second entry, @step, which
//   takes the newest value of each and keeps the window as state.
// Needs: widen_floats, for a window has the type of its input.
// Leaves: @predict as it was.
//   graph @predict(%h: f32[1,4]) { %y = matmul(%h, …) }
//   → graph @step(%h: f32[1,1], %h.window: f32[1,4] = @h.window) { %window =
//     concat(slice(%h.window), %h)  %y = matmul(%window, …) return y = %y, h.window = %window
//     -> @h.window }
[[nodiscard]] ir::Module stream_series(ir::Module module, PassContext& context);

// Does: parameters and buffers become constants: their value, or for untrained ones the initial
//   value, opaque, so that no pass looks into it.
// Needs: nothing.
// Leaves: slots of state only.
//   graph @predict(%x: f32[1,4], %w: f32[4,4] = @w) { %y = matmul(%x, %w) … }
//   → graph @predict(%x: f32[1,4]) { %w = constant … %y = matmul(%x, %w) … }
[[nodiscard]] ir::Module freeze_parameters(ir::Module module, PassContext& context);

// Does: what only training needs becomes its operand.
// Needs: nothing.
// Leaves: no such op but in @train_step.
//   %d = dropout(%x) {p = 0.2}  %y = relu(%d)   →   %y = relu(%x)
[[nodiscard]] ir::Module drop_dropout(ir::Module module, PassContext& context);

// Does: in @train_step dropout and gaussian_noise draw their numbers, batch_norm takes the
//   batch's mean and variance and moves the running ones; of a batch in shards those of the shard,
//   or with `sync` of all of them, by shard_sum.
// Needs: nothing.
// Leaves: no op that differs in training.
//   %y = dropout(%x) {p = 0.5}
//   → %u = random_uniform(%seed, %step) … %k = ge(%u, 0.5)  %y = where(%k, %x * 2, 0)
[[nodiscard]] ir::Module enter_training(ir::Module module, PassContext& context);

// Does: where the train block cuts the batch in shards, @train_step, which is of the samples of
// one,
//   becomes two entries: @shard_step gives its loss and the statistics it would move, @update makes
//   the step's of their sums over the shards; the penalty is no sample's and is in @update.
// Needs: enter_training, which draws a shard's noise by its samples' places in the whole batch.
// Leaves: no @train_step.
//   graph @train_step(…) { … return loss = %l, running_mean = %m → @running_mean }
//   → graph @shard_step(…) { … return loss = %l, running_mean = %m }
//     graph @update(%loss_sum, %running_mean_sum, …) { … return loss = %loss_sum * 1/8, … }
[[nodiscard]] ir::Module split_shards(ir::Module module, PassContext& context);

// Does: a training step gets a twin, @gradients, with the gradient by each parameter that is
//   trained as its outputs, zeros where the loss does not depend on it, where a log wants it.
//   It draws the noise of the step, changes no slot, and is before clipping.
//   Of shards it is a twin of @update: from the sums of their gradients.
// Needs: enter_training, for the gradients are those of the step, and split_shards.
// Leaves: @train_step as it was.
//   graph @train_step(…, %w: f32[4] = @w) { … return loss = %l }
//   → graph @gradients(…, %w: f32[4] = @w) { … %d_w = … return w = %d_w }
[[nodiscard]] ir::Module log_gradients(ir::Module module, PassContext& context);

// Does: appends to @train_step the gradient of loss + penalty by every parameter that is
//   trained, and the optimiser's step. Of shards the gradients of the loss become results of
//   @shard_step; @update gets their sums as inputs, adds the penalty's, and the optimiser's step.
// Needs: enter_training and split_shards, and log_gradients, which wants the step without them.
// Leaves: the next value of each parameter as a result.
//   graph @train_step(…, %w: f32[4] = @w) { … return loss = %l }
//   → { … %d_w = … %w_next = sub(%w, …) return loss = %l, w = %w_next → @w }
[[nodiscard]] ir::Module differentiate(ir::Module module, PassContext& context);

// Does: a module with @train_step gets @init, which makes the first value of every slot but
//   counters from the seed, by the numbers of ir::initial_value, where a training library wants
//   it.
// Needs: differentiate, which adds the optimiser's slots.
// Leaves: the other entries as they were.
//   graph @train_step(…, %w: f32[4] = @w) …
//   → graph @init(%seed: i64[]) { %w = random_uniform(%seed, 0) … return w = %w → @w }
[[nodiscard]] ir::Module first_values(ir::Module module, PassContext& context);

// Does: the body of a loop over time becomes a graph of the module, with the constants it reads in
//   it, so that all that follows treats it as any other; in training, of one step, or of no
//   elements the loop is written out step by step.
// Needs: freeze_parameters, which makes constants of what the steps read; differentiate and
//   first_values, after which a training step is whole.
// Leaves: no loop with a body of its own.
//   %h = loop(%h0, %x, %r) {steps = 9, …} { (%h, %x, %r): … }
//   → %h = loop @predict.loop1(%h0, %x) {steps = 9, …}   graph @predict.loop1(%h, %x) { … }
[[nodiscard]] ir::Module outline_loops(ir::Module module, PassContext& context);

// Does: ops that are defined by smaller ones become these.
// Needs: drop_dropout and enter_training, which know dropout and batch_norm as such;
//   differentiate and first_values, which bring ops of their own; outline_loops, for what stands in
//   a body expands too.
// Leaves: only ops with a kernel of their own.
//   %f = flatten(%x)   →   %f = reshape(%x) {shape = [1, 400]}
[[nodiscard]] ir::Module expand_ops(ir::Module module, PassContext& context);

// Does: brings equal programs to one form: a constant is the right operand of a commutative op,
//   a reshape of a reshape is one, what changes nothing is gone; a stack of matrices times one
//   matrix is one product of all rows, a signal that stands (one pixel wide) lies down, and views
//   come after what is computed element by element.
// Needs: expand_ops.
// Leaves: fewer nodes.
//   %a = reshape(%x) {shape = [4]}  %b = reshape(%a) {shape = [2, 2]}
//   → %b = reshape(%x) {shape = [2, 2]}
[[nodiscard]] ir::Module canonicalize(ir::Module module, PassContext& context);

// Does: a factor for each output channel after a convolution or matmul with a constant weight
//   goes into the weight, and into a constant bias between them, which then takes in the term of
//   the batch norm.
// Needs: expand_ops, which makes batch_norm a factor and a term, and fold_constants, which
//   computes the factor.
// Leaves: one multiplication less for each element.
//   %c = conv2d(%x, %w)  %y = mul(%c, %scale)   →   %v = mul(%w, %scale')  %y = conv2d(%x, %v)
[[nodiscard]] ir::Module fold_batch_norm(ir::Module module, PassContext& context);

// Does: ops of constants alone are evaluated; of opaque ones the result is opaque. What has no
//   elements is a constant too, whatever makes it.
// Needs: expand_ops.
// Leaves: no op that reads or makes an empty tensor; these are inputs, outputs and constants
//   only.
//   %t = transpose(%w)   →   %t = constant …
[[nodiscard]] ir::Module fold_constants(ir::Module module, PassContext& context);

// Does: two nodes that compute the same become one.
// Needs: canonicalize, to find more.
// Leaves: each value once.
//   %a = exp(%x)  %b = exp(%x)  %c = add(%a, %b)   →   %a = exp(%x)  %c = add(%a, %a)
[[nodiscard]] ir::Module share_subgraphs(ir::Module module, PassContext& context);

// Does: what no output depends on goes.
// Needs: nothing.
// Leaves: only live nodes.
//   %a = exp(%x) return %x   →   return %x
[[nodiscard]] ir::Module drop_dead(ir::Module module, PassContext& context);

// Does: the elementwise tail of an anchor (bias, activation, residual add) joins it in a group.
// Needs: canonicalize.
// Leaves: each anchor in a group with what is computed from it element by element.
//   %c = conv2d(%x, %w)  %s = add(%c, %b)  %r = relu(%s)   →   %r = group(%x, %w, %b) { … }
[[nodiscard]] ir::Module fuse_epilogue(ir::Module module, PassContext& context);

// Does: a pool of disjoint windows joins the group it reads, if a fast family then takes both,
//   so that what is pooled is never stored whole.
// Needs: fuse_epilogue.
// Leaves: other pools alone.
//   %r = group(%x, %w) { … }  %p = max_pool2d(%r)   →   %p = group(%x, %w) { … max_pool2d … }
[[nodiscard]] ir::Module fuse_pool(ir::Module module, PassContext& context);

// Does: the padding of a convolution becomes a pad op before it, where only so a fast family
//   fits: pictures too large to be padded on the stack.
// Needs: fuse_epilogue, fuse_pool.
// Leaves: pads.
//   %c = group(%x, %w) { conv2d {padding = [1, 1, 1, 1]} }
//   → %p = pad(%x)  %c = group(%p, %w) { conv2d }
[[nodiscard]] ir::Module split_padding(ir::Module module, PassContext& context);

// Does: data movement that an anchor reads joins its group, if a family reads it so in place.
// Needs: fuse_epilogue, split_padding.
// Leaves: fewer copies.
//   %t = transpose(%g)  %d = group(%t, %x) { matmul }
//   → %d = group(%g, %x) { transpose matmul }
[[nodiscard]] ir::Module fuse_prologue(ir::Module module, PassContext& context);

// Does: what is left becomes groups, a chain or tree of elementwise ops, reductions and data
//   movement in one; a reduction only where each row of the result needs a few of its elements
//   and no other row needs them.
// Needs: fuse_epilogue, fuse_pool, fuse_prologue.
// Leaves: groups, constants and views; each output is made by a group.
//   %a = exp(%x)  %b = add(%a, %y)   →   %b = group(%x, %y) { … }
[[nodiscard]] ir::Module group_kernels(ir::Module module, PassContext& context);

// Does: weights of products that wait for memory are stored in bf16 or f16, rounded to nearest
// even,
//   and widened to f32 where their kernel reads them, where --weights-dtype asks for it. A remark
//   has the error of each on a probe.
// Needs: group_kernels.
// Leaves: weights that fit the second-level cache, or serve many rows.
//   %w: f32[784,1000] = constant  %y = group(%x, %w) { matmul }
//   → %w: bf16[784,1000] = constant  %y = group(%x, %w) { cast matmul }
[[nodiscard]] ir::Module narrow_weights(ir::Module module, PassContext& context);

// Does: each group gets a family of kernels and its numbers, by the table in passes/schedule.
// Needs: group_kernels; narrow_weights, for a kernel reads its weights in their type.
// Leaves: a schedule on every group.
//   %b = group(%x, %y) { … }
//   → %b = group(%x, %y) direct{lanes=16, vectors=1, pixels=5, samples=1} { … }
[[nodiscard]] ir::Module choose_schedules(ir::Module module, PassContext& context);

// Does: a picture that a kernel stores and convolutions pad gets a halo: its memory has room for
//   the zeros around it, which the kernel stores too, and a copy with zeros around it goes.
// Needs: choose_schedules, which says which kernels read zeros from memory.
// Leaves: copies of inputs, and of what is an output or viewed too; pads that others read.
//   %p: f32[1,8,6,6] = group(%c) { pad }  %d = group(%p, %w) depthwise{…} { conv2d }
//   → %d = group(%c, %w) depthwise{…} { conv2d {padding = [1, 1, 1, 1]} }, with
//     %c: f32[1,8,4,4]{nchw, halo:1,1,1,1}
[[nodiscard]] ir::Module choose_halo(ir::Module module, PassContext& context);

// Does: pictures that a kernel stores best with channels innermost get the layout NHWC, if
//   every kernel that reads them can; a copy transposes, if one reads them much better so. What
//   would copy a row-major picture gives way to a family that reads it in place, if one is fast.
// Needs: choose_schedules; choose_halo, for a copy would have to be in the layout too.
// Leaves: inputs, outputs and what is viewed row-major.
//   %c: f32[1,8,4,4] = group(…) direct{…}   →   %c: f32[1,8,4,4]{nhwc} = group(…) direct{…}
[[nodiscard]] ir::Module choose_layout(ir::Module module, PassContext& context);

// Does: constants get the layout their kernel reads them in.
// Needs: choose_schedules.
//   %w: f32[16,6,5,5] = constant   →   %w: f32[16,6,5,5]{hwcn, n:16} = constant
[[nodiscard]] ir::Module pack_weights(ir::Module module, PassContext& context);

// Does: each distinct group (structure, shapes, layouts, schedule, kinds of memory) becomes a
//   kernel, named after the layers and ops of the first (kernel_names.h).
// Needs: choose_layout, pack_weights.
// Leaves: calls instead of groups.
//   %b = group(%x, %y) generic{} { … }   →   %b = call @conv1_relu(%x, %y)
[[nodiscard]] ir::Module outline_kernels(ir::Module module, PassContext& context);

// Does: every value gets its place; what is alive at different times shares the arena.
// Needs: outline_kernels.
// Leaves: storage on every value.
//   %a: f32[1,6,14,14] = call @conv1(…)   →   %a: f32[1,6,14,14] in arena+0 = call @conv1(…)
[[nodiscard]] ir::Module plan_memory(ir::Module module, PassContext& context);

}  // namespace linnet::passes
