// batch_norm: each channel shifted and scaled by statistics, in training the batch's own.
#include "ir/training.h"

#include "ir/samples.h"
#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

constexpr Key<double> kEps{"eps"};
constexpr Key<double> kMomentum{"momentum"};
constexpr Key<bool> kSync{"sync"};

OpResult<std::vector<Type>> infer_batch_norm(const InferContext& c) {
  const Type& input = c.type(0);
  if (input.rank() < 2 || !is_float(input.dtype)) {
    return op_error(fmt::format("input must be floating point [N,C,…], not {}", to_string(input)),
                    0);
  }
  for (size_t i = 1; i < c.operands.size(); ++i) {
    const Type wanted{input.dtype, {input.shape[1]}, {}};
    if (!c.type(i).same_logical(wanted)) {
      return op_error(fmt::format("must be {}, one number a channel, not {}", to_string(wanted),
                                  to_string(c.type(i))),
                      static_cast<int>(i));
    }
  }
  return std::vector<Type>{{input.dtype, input.shape, {}}};
}

// input * scale + shift with scale = weight / sqrt(var + eps), shift = bias - mean * scale:
// the form in which a convolution before it takes it in.
std::vector<ValueId> expand_batch_norm(Builder& b, std::span<const ValueId> x, const Attrs& attrs) {
  const Type type = b.type(x[0]);  // a copy: values move as nodes are added
  const ValueId eps = b.constant(Tensor::splat({type.dtype, {}, {}}, attrs.get(kEps)), "eps");
  const ValueId safe = b.create(ops::add, {x[4], eps}, {}, "safe");
  const ValueId deviation = b.create(ops::sqrt, {safe}, {}, "deviation");
  const ValueId scale = b.create(ops::div, {x[1], deviation}, {}, "scale");
  const ValueId moved = b.create(ops::mul, {x[3], scale}, {}, "moved");
  const ValueId shift = b.create(ops::sub, {x[2], moved}, {}, "shift");
  Ints shape(type.rank() - 1, 1);
  shape[0] = type.shape[1];
  const ValueId wide_scale = b.create(ops::reshape, {scale}, {{"shape", shape}}, "scale");
  const ValueId wide_shift = b.create(ops::reshape, {shift}, {{"shape", shape}}, "shift");
  const ValueId scaled = b.create(ops::mul, {x[0], wide_scale}, {}, "scaled");
  return {b.create(ops::add, {scaled, wide_shift}, {}, "batch_norm")};
}

// The running value of operand i moves towards that of the batch.
void move(TrainingContext& c, size_t i, const Var& batch) {
  const double momentum = c.attrs().get(kMomentum);
  c.move(i, c.in(i) * (1 - momentum) + batch * momentum);
}

// Ioffe and Szegedy, 2015: the batch's own mean and variance; the running ones move towards them
// (torch.nn.BatchNorm2d: the variance there is the unbiased one). Of a batch in shards, those of
// the shard, or of all of them (torch.nn.SyncBatchNorm).
ValueId batch_norm_in_training(TrainingContext& c) {
  const Var x = c.in(0);
  const Shape shape = x.shape();
  Ints dims;
  Shape channel(shape.size(), 1);
  channel[1] = shape[1];
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (dim != 1) dims.push_back(static_cast<int64_t>(dim));
  }
  const Attrs over{{"dim", dims}, {"keepdim", true}};
  const bool sync = c.attrs().get(kSync);
  const auto of_batch = [&](const Var& part) { return sync ? c.mean_over_shards(part) : part; };
  const Var mean = of_batch(x.apply(ops::mean, over));
  const Var centred = x - mean;
  const Var variance = of_batch(centred.apply(ops::square).apply(ops::mean, over));
  const Var safe = variance + variance.splat(c.attrs().get(kEps));
  const Var weight = reshaped(c.in(1), channel);
  const Var bias = reshaped(c.in(2), channel);
  const double count = static_cast<double>(element_count(shape) * (sync ? c.shards() : 1)) /
                       static_cast<double>(shape[1]);
  move(c, 3, reshaped(mean, {shape[1]}));
  move(c, 4, reshaped(variance, {shape[1]}) * (count / std::max(count - 1, 1.0)));
  return (centred / safe.apply(ops::sqrt) * weight + bias).id();
}

template <class T> void evaluate_batch_norm(EvalContext<T>& c) {
  const Shape& shape = c.in(0).type.shape;
  const size_t channels = static_cast<size_t>(shape[1]);
  size_t inner = 1;
  for (size_t dim = 2; dim < shape.size(); ++dim)
    inner *= static_cast<size_t>(shape[dim]);
  for (size_t i = 0; i < c.in(0).values.size(); ++i) {
    const size_t k = i / inner % channels;
    const T deviation = scalar::sqrt(c.in(4).values[k] + T(c.attrs.get(kEps)));
    const T scale = c.in(1).values[k] / deviation;
    const T shift = c.in(2).values[k] - c.in(3).values[k] * scale;
    c.out().values[i] = c.in(0).values[i] * scale + shift;
  }
}

}  // namespace

const OpDef ops::batch_norm{
    .name = "batch_norm",
    .doc = "(input - running_mean) / sqrt(running_var + eps) * weight + bias by channel of "
           "[N,C,…], at inference. ONNX BatchNormalization-15.",
    .operands = {{"input", "[N,C,…]"},
                 {"weight", "[C]"},
                 {"bias", "[C]"},
                 {.name = "running_mean", .doc = "[C]", .running = true},
                 {.name = "running_var", .doc = "[C]", .running = true}},
    .attrs = {{.name = "eps", .doc = "added to the variance", .default_value = 1e-5},
              {.name = "momentum",
               .doc = "share of a batch in the running statistics, in training",
               .default_value = 0.1},
              {.name = "sync",
               .doc =
                   "in training, of a batch in shards: mean and variance of all shards together, "
                   "not of each its own",
               .default_value = false}},
    .infer = infer_batch_norm,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_batch_norm(c); },
    .expand = expand_batch_norm,
    .in_training = batch_norm_in_training,
    .samples = [](const SamplesContext& c) -> SamplesResult {
      if (c.operands[0]) return *c.operands[0];
      return tl::unexpected(std::string("statistics made of one sample are applied to all"));
    },
};

}  // namespace linnet::ir
