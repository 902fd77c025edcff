// slice: every step-th element of a range; its gradient is a pad.
#include "ir/ops/slice.h"
#include "base/integers.h"
#include "ir/gradient.h"

#include "ir/ops/shared/index.h"
#include "ir/samples.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

constexpr Key<Ints> kStarts{"starts"};
constexpr Key<Ints> kEnds{"ends"};
constexpr Key<Ints> kAxes{"axes"};
constexpr Key<Ints> kSteps{"steps"};

// ONNX Slice-13: negative positions count from the end, all are clamped to the tensor.
SliceRange resolve(int64_t start, int64_t end, int64_t step, int64_t size) {
  const auto clamped = [&](int64_t at, int64_t least, int64_t most) {
    if (at < 0 && at >= -size)
      at += size;
    else if (at < -size)
      at = least;
    return std::clamp(at, least, most);
  };
  SliceRange range{0, step, 0};
  if (step > 0) {
    range.start = clamped(start, 0, size);
    const int64_t stop = clamped(end, 0, size);
    if (stop > range.start) range.count = ceil_div(stop - range.start, step);
  } else {
    range.start = clamped(start, -1, size - 1);
    const int64_t stop = clamped(end, -1, size - 1);
    if (range.start > stop) range.count = ceil_div(range.start - stop, -step);
  }
  return range;
}

// Back to where each element came from, zeros elsewhere.
Var slice_gradient(const GradientContext& c) {
  const Shape& shape = c.in(0).shape();
  const auto ranges = *slice_ranges(c.attrs(), shape);
  Var g = c.gradient();
  Ints pads(2 * shape.size(), 0);
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    SliceRange range = ranges[dim];
    if (range.count == 0) {
      pads[dim] = shape[dim];
      continue;
    }
    if (range.step < 0) {
      g = sliced(g, dim, range.count - 1, range.count, -1);
      range = {range.start + (range.count - 1) * range.step, -range.step, range.count};
    }
    g = dilated(g, dim, range.step);
    pads[dim] = range.start;
    pads[dim + shape.size()] = shape[dim] - range.start - g.shape()[dim];
  }
  return padded(g, pads);
}

SamplesResult slice_samples(const SamplesContext& c) {
  const Shape& shape = c.types[0]->shape;
  const auto ranges = *slice_ranges(c.attrs, shape);
  std::vector<bool> touched;
  for (const SliceRange& range : ranges)
    touched.push_back(range.step != 1 || range.count != shape[touched.size()]);
  return samples_unless(c, touched, "slice");
}

}  // namespace

OpResult<std::vector<SliceRange>> slice_ranges(const Attrs& attrs, const Shape& shape) {
  const Ints& starts = attrs.get(kStarts);
  const Ints& ends = attrs.get(kEnds);
  Ints axes = attrs.get(kAxes);
  Ints steps = attrs.get(kSteps);
  if (axes.empty()) {
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(static_cast<int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    return op_error("starts, ends, axes and steps must have one length", -1, "starts");
  }
  std::vector<SliceRange> ranges;
  for (int64_t size : shape)
    ranges.push_back({0, 1, size});
  const int64_t rank = static_cast<int64_t>(shape.size());
  std::vector<bool> seen(shape.size(), false);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank || seen[static_cast<size_t>(axis)]) {
      return op_error(
          fmt::format("axis {} is not one of {} dimensions, or stands twice", axes[i], rank), -1,
          "axes");
    }
    if (steps[i] == 0 || steps[i] < -(int64_t{1} << 62)) {
      return op_error(fmt::format("a step of {} leads nowhere", steps[i]), -1, "steps");
    }
    const size_t dim = static_cast<size_t>(axis);
    seen[dim] = true;
    ranges[dim] = resolve(starts[i], ends[i], steps[i], shape[dim]);
  }
  return ranges;
}

const OpDef ops::slice{
    .name = "slice",
    .doc = "Every step-th element from start to end, exclusive, along some dimensions; negative "
           "positions count from the end. ONNX Slice-13.",
    .operands = {{"input"}},
    .attrs =
        {{.name = "starts", .doc = "first positions", .default_value = Ints{}, .required = true},
         {.name = "ends",
          .doc = "first positions not taken",
          .default_value = Ints{},
          .required = true},
         {.name = "axes", .doc = "which dimensions; none: the first", .default_value = Ints{}},
         {.name = "steps", .doc = "default 1; may be negative", .default_value = Ints{}}},
    .traits = kDataMovement,
    .infer = [](const InferContext& c) -> OpResult<std::vector<Type>> {
      LINNET_TRY_ASSIGN(const auto ranges, slice_ranges(c.attrs, c.type(0).shape));
      Shape shape;
      for (const SliceRange& range : ranges)
        shape.push_back(range.count);
      return std::vector<Type>{{c.type(0).dtype, std::move(shape), {}}};
    },
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const auto ranges = *slice_ranges(c.attrs, c.in(0).type.shape);
          const auto strides = row_major_strides(c.in(0).type.shape);
          size_t o = 0;
          for (Index at(c.out().type.shape); at.valid(); at.next(), ++o) {
            int64_t i = 0;
            for (size_t dim = 0; dim < ranges.size(); ++dim)
              i += (ranges[dim].start + at[dim] * ranges[dim].step) * strides[dim];
            c.out().copy(o, c.in(0), static_cast<size_t>(i));
          }
        },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> {
      return {slice_gradient(c).id()};
    },
    .samples = slice_samples,
};

}  // namespace linnet::ir
