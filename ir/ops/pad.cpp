// pad: elements added around or cut off; constant, edge, reflect and wrap.
#include "ir/ops/pad.h"
#include "ir/gradient.h"

#include "ir/ops/shared/index.h"
#include "ir/samples.h"

#include "base/integers.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

OpResult<std::vector<Type>> infer_pad(const InferContext& c) {
  const Type& input = c.type(0);
  const Ints& pads = c.attrs.get(kPads);
  const size_t rank = input.rank();
  if (pads.size() != 2 * rank) {
    return op_error(fmt::format("{} integers are needed for {} dimensions, {} given", 2 * rank,
                                rank, pads.size()),
                    -1, "pads", "all that comes before each dimension, then all that comes after");
  }
  Shape shape = input.shape;
  const std::string& mode = c.attrs.get(kPadMode).word;
  for (size_t dim = 0; dim < rank; ++dim) {
    const int64_t before = pads[dim];
    const int64_t after = pads[dim + rank];
    const auto with = checked_add(shape[dim], before);
    const auto size = with ? checked_add(*with, after) : std::nullopt;
    if (!size || *size < 0) return op_error("no such size", -1, "pads");
    const int64_t room = mode == "reflect" ? shape[dim] - 1 : mode == "edge" ? shape[dim] : -1;
    const bool beyond = mode == "reflect" ? std::max(before, after) > room
                                          : mode == "edge" && room == 0 && *size > 0;
    if (beyond) {
      return op_error(fmt::format("mode {} cannot pad {} elements by {} and {}", mode, shape[dim],
                                  before, after),
                      -1, "pads");
    }
    shape[dim] = *size;
  }
  return std::vector<Type>{{input.dtype, std::move(shape), {}}};
}

template <class T> void evaluate_pad(EvalContext<T>& c) {
  const Shape& in = c.in(0).type.shape;
  const Ints& pads = c.attrs.get(kPads);
  const std::string& mode = c.attrs.get(kPadMode).word;
  const double value = c.attrs.get(kPadValue);
  const auto strides = row_major_strides(in);
  size_t o = 0;
  for (Index at(c.out().type.shape); at.valid(); at.next(), ++o) {
    int64_t i = 0;
    bool inside = true;
    for (size_t dim = 0; dim < in.size(); ++dim) {
      const int64_t source = padded_source(at[dim], pads[dim], in[dim], mode);
      inside = inside && source >= 0;
      i += source * strides[dim];
    }
    if (inside) {
      c.out().copy(o, c.in(0), static_cast<size_t>(i));
    } else if (c.out().holds_floats()) {
      c.out().values[o] = T(value);
    } else {
      c.out().ints[o] = static_cast<int64_t>(value);
    }
  }
}

// One dimension after the other: what was copied from an element is added to it.
Var pad_gradient(const GradientContext& c) {
  const Shape& shape = c.in(0).shape();
  const Ints& pads = c.attrs().get(kPads);
  const std::string& mode = c.attrs().get(kPadMode).word;
  const size_t rank = shape.size();
  Var g = c.gradient();
  for (size_t dim = 0; dim < rank; ++dim) {
    const int64_t before = pads[dim], after = pads[dim + rank], size = shape[dim];
    Ints back(2 * rank, 0);
    back[dim] = -before;
    back[dim + rank] = -after;
    Var sum = padded(g, back);
    // A stretch of the padding, placed from `at` on.
    const auto add = [&](const Var& part, int64_t at) {
      Ints around(2 * rank, 0);
      around[dim] = at;
      around[dim + rank] = size - at - part.shape()[dim];
      sum = sum + padded(part, around);
    };
    if (mode == "edge") {
      const Ints along{static_cast<int64_t>(dim)};
      if (before > 0) add(sum_over(sliced(g, dim, 0, before), along, true), 0);
      if (after > 0) add(sum_over(sliced(g, dim, before + size, after), along, true), size - 1);
    } else if (mode == "reflect") {
      if (before > 0) add(sliced(g, dim, before - 1, before, -1), 1);
      if (after > 0) add(sliced(g, dim, before + size + after - 1, after, -1), size - 1 - after);
    }
    g = sum;
  }
  return g;
}

SamplesResult pad_samples(const SamplesContext& c) {
  const Ints& pads = c.attrs.get(kPads);
  const size_t rank = c.result.rank();
  std::vector<bool> touched(rank);
  for (size_t dim = 0; dim < rank; ++dim)
    touched[dim] = pads[dim] != 0 || pads[dim + rank] != 0;
  return samples_unless(c, touched, "pad");
}

}  // namespace

int64_t padded_source(int64_t at, int64_t before, int64_t size, std::string_view mode) {
  int64_t source = at - before;
  if (source >= 0 && source < size) return source;
  if (mode == "edge") return std::clamp<int64_t>(source, 0, size - 1);
  if (mode == "reflect") return source < 0 ? -source : 2 * (size - 1) - source;
  return -1;
}

const OpDef ops::pad{
    .name = "pad",
    .doc = "Elements added around (or, if negative, cut off): a constant, the nearest element, or "
           "the mirror image without the edge. ONNX Pad-21.",
    .operands = {{"input"}},
    .attrs = {{.name = "pads",
               .doc = "before each dimension, then after each",
               .default_value = Ints{},
               .required = true},
              {.name = "mode",
               .doc = "what is added",
               .default_value = Enum{"constant"},
               .words = {"constant", "reflect", "edge"}},
              {.name = "value", .doc = "of mode constant", .default_value = 0.0}},
    .traits = kDataMovement,
    .infer = infer_pad,
    .evaluate = []<class T>(EvalContext<T>& c) { evaluate_pad(c); },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {pad_gradient(c).id()};
    },
    .samples = pad_samples,
};

}  // namespace linnet::ir
