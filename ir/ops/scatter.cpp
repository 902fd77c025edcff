// scatter: rows replaced or reduced by index, in the order of the indices.
#include "ir/ops/scatter.h"

#include "ir/gradient.h"
#include "ir/samples.h"
#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_scatter(const InferContext& c) {
  const Type& input = c.type(0);
  const Type& indices = c.type(1);
  const Type& updates = c.type(2);
  if (input.rank() == 0) return op_error("input must have a dimension, not be a number", 0);
  if (indices.dtype != DType::kI64 && indices.dtype != DType::kI32)
    return op_error(fmt::format("indices must be i64 or i32, not {}", name(indices.dtype)), 1);
  Type wanted = input;
  wanted.layout = {};
  wanted.shape.erase(wanted.shape.begin());
  wanted.shape.insert(wanted.shape.begin(), indices.shape.begin(), indices.shape.end());
  if (updates.shape != wanted.shape || updates.dtype != input.dtype) {
    return op_error(
        fmt::format("updates must be {}, not {}", to_string(wanted), to_string(updates)), 2);
  }
  if (input.shape[0] == 0 && indices.elements() != 0) {
    return op_error(
        fmt::format("there is nothing to update in dimension 0 of {}", to_string(input.shape)), 0);
  }
  if (input.dtype == DType::kBool && c.attrs.get(kScatterReduce).word != "none") {
    return op_error(fmt::format("{} of truth values", c.attrs.get(kScatterReduce).word), -1,
                    "reduce");
  }
  return std::vector<Type>{{input.dtype, input.shape, {}}};
}

template <class Number>
Number reduced_by(const std::string& how, const Number& so_far, const Number& update) {
  if (how == "sum") return scalar::add(so_far, update);
  if (how == "prod") return scalar::multiply(so_far, update);
  if (how == "amax") return scalar::max(update, so_far);
  if (how == "amin") return scalar::min(update, so_far);
  return update;
}

template <class T> void evaluate_scatter(EvalContext<T>& c) {
  const std::string& how = c.attrs.get(kScatterReduce).word;
  const int64_t size = c.in(0).type.shape[0];
  const auto run = [&](const auto& input, const auto& updates, auto& out) {
    out = input;
    const size_t inner = out.size() / static_cast<size_t>(std::max<int64_t>(size, 1));
    size_t u = 0;
    for (int64_t index : c.in(1).ints) {
      const int64_t row = std::clamp<int64_t>(index < 0 ? index + size : index, 0, size - 1);
      for (size_t i = 0; i < inner; ++i, ++u) {
        auto& element = out[static_cast<size_t>(row) * inner + i];
        element = reduced_by(how, element, updates[u]);
      }
    }
  };
  if (c.out().holds_floats()) {
    run(c.in(0).values, c.in(2).values, c.out().values);
  } else {
    run(c.in(0).ints, c.in(2).ints, c.out().ints);
  }
}

Var taken(const Var& from, const Var& indices) {
  return apply(ops::gather, from, indices);
}

Var scattered(const Var& into, const Var& indices, const Var& updates, const char* reduce) {
  Builder& b = into.builder();
  return {b, b.create(ops::scatter, {into.id(), indices.id(), updates.id()},
                      {{"reduce", Enum{reduce}}})};
}

Var filled(const Var& like, double value) {
  return {like.builder(), like.builder().constant(Tensor::splat(like.type(), value))};
}

// Where nothing is reduced, the last update of each index counts alone.
std::vector<ValueId> replaced_gradient(const GradientContext& c) {
  const Var indices = c.in(1), updates = c.in(2), g = c.gradient();
  const Var into = scattered(g, indices, filled(updates, 0), "none");
  const int64_t count = indices.type().elements();
  std::vector<int64_t> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), int64_t{0});
  const Type each{DType::kI64, indices.shape(), {}};
  const Type rows{DType::kI64, {c.in(0).shape()[0]}, {}};
  Builder& b = c.builder();
  const Var number(b, b.constant(Tensor::from_ints(each, numbers)));
  const Var none(b, b.constant(Tensor::splat(rows, -1)));
  const Var last = taken(scattered(none, indices, number, "none"), indices);
  Shape wide = indices.shape();
  wide.resize(updates.type().rank(), 1);
  const Var counts = reshaped(apply(ops::eq, last, number), wide);
  const Var own = taken(g, indices);
  return {into.id(), {}, select(counts, own, own.splat(0)).id()};
}

// The product of the others: by division, but where zeros stand by what is not zero.
std::vector<ValueId> product_gradient(const GradientContext& c) {
  const Var indices = c.in(1), updates = c.in(2), g = c.gradient();
  const Var into = g * scattered(filled(c.in(0), 1), indices, updates, "prod");
  const Var zero = apply(ops::eq, updates, updates.splat(0));
  const Var zeros = taken(scattered(filled(c.in(0), 0), indices,
                                    select(zero, updates.splat(1), updates.splat(0)), "sum"),
                          indices);
  const Var rest =
      taken(scattered(c.in(0), indices, select(zero, updates.splat(1), updates), "prod"), indices);
  const Var at_zero = select(apply(ops::eq, zeros, zeros.splat(1)), rest, rest.splat(0));
  const Var elsewhere =
      select(apply(ops::eq, zeros, zeros.splat(0)), rest / updates, rest.splat(0));
  return {into.id(), {}, (taken(g, indices) * select(zero, at_zero, elsewhere)).id()};
}

// Equal shares for all that are the extremum, as amax has it.
std::vector<ValueId> extremum_gradient(const GradientContext& c) {
  const Var indices = c.in(1), updates = c.in(2);
  const Var kept = apply(ops::eq, c.in(0), c.result());
  const Var hit = apply(ops::eq, updates, taken(c.result(), indices));
  const auto as_number = [&](const Var& truth) {
    return select(truth, updates.splat(1), updates.splat(0));
  };
  const Var holders = scattered(as_number(kept), indices, as_number(hit), "sum");
  const Var share = c.gradient() / holders;
  const Var none = share.splat(0);
  return {select(kept, share, none).id(), {}, select(hit, taken(share, indices), none).id()};
}

std::vector<ValueId> scatter_gradient(const GradientContext& c) {
  if (c.in(2).type().elements() == 0) return {c.gradient().id(), {}, {}};
  const std::string& how = c.attrs().get(kScatterReduce).word;
  if (how == "none") return replaced_gradient(c);
  if (how == "sum") return {c.gradient().id(), {}, taken(c.gradient(), c.in(1)).id()};
  if (how == "prod") return product_gradient(c);
  return extremum_gradient(c);
}

// Within a row, samples keep their places; rows themselves are chosen.
SamplesResult scatter_samples(const SamplesContext& c) {
  const size_t rows = c.types[1]->rank();  // dimensions of updates that are rows
  std::optional<Samples> found;
  for (size_t i = 0; i < 3; i += 2) {  // input and updates
    if (!c.operands[i]) continue;
    const size_t fixed = i == 0 ? 1 : rows;
    const Samples samples{c.operands[i]->dim + 1 - fixed, c.operands[i]->inner};
    if (c.operands[i]->dim < fixed || (found && *found != samples))
      return tl::unexpected(std::string("scatter writes among the samples of the batch"));
    found = samples;
  }
  if (c.operands[1])
    return tl::unexpected(std::string("scatter writes the samples of the batch into one tensor"));
  return *found;
}

}  // namespace

const OpDef ops::scatter{
    .name = "scatter",
    .doc = "The input with its rows (slices along dimension 0) replaced by updates, or reduced "
           "with them, one after the other in the order of the indices: out[indices[i]] = "
           "updates[i]. Negative indices count from the end; what lies outside is clamped to the "
           "first or last. ONNX ScatterND-18 of one index each.",
    .operands = {{"input"},
                 {"indices", "i64 or i32, of any shape"},
                 {"updates", "indices.shape + input.shape[1:]"}},
    .attrs = {{.name = "reduce",
               .doc = "how an update meets what stands there",
               .default_value = Enum{"none"},
               .words = {"none", "sum", "prod", "amax", "amin"}}},
    .infer = infer_scatter,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_scatter(c); },
    .gradient = scatter_gradient,
    .samples = scatter_samples,
};

}  // namespace linnet::ir
