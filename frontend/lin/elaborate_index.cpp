// Elements and slices of lists and tensors, as numpy counts: negative positions from the end,
// slices clamped to what is there.
#include "frontend/lin/elaborate.h"
#include "ir/op_def.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

std::vector<Value> elements(const std::vector<Value>& from, int64_t first, int64_t stop,
                            int64_t step) {
  const auto size = static_cast<int64_t>(from.size());
  const auto at = [&](int64_t i) {
    const int64_t wrapped = i < 0 && i >= -size ? i + size : i;
    return step > 0 ? std::clamp<int64_t>(wrapped, 0, size)
                    : std::clamp<int64_t>(wrapped, -1, size - 1);
  };
  std::vector<Value> list;
  const int64_t end = at(stop);
  for (int64_t i = at(first); step > 0 ? i < end : i > end; i += step)
    list.push_back(from[static_cast<size_t>(i)]);
  return list;
}

}  // namespace

// An integer of a position or a slice.
int64_t Elaborator::position(const Expr& expr, Scope& scope) {
  const Value value = evaluate(expr, scope);
  if (const auto* integer = value.get<int64_t>()) return *integer;
  fail(expr.span,
       fmt::format("a position is an integer known while the model is built, not {}",
                   described(value)),
       value.is_tensor() ? "gather(x, indices, dim: …) takes what a tensor of i64 says" : "");
}

Elaborator::Slice Elaborator::slice_of(const Expr& entry, Scope& scope) {
  Slice slice;
  if (entry.operands[0]) slice.start = position(*entry.operands[0], scope);
  if (entry.operands[1]) slice.stop = position(*entry.operands[1], scope);
  if (entry.operands[2]) slice.step = position(*entry.operands[2], scope);
  if (slice.step == 0) fail(entry.span, "a step of 0 leads nowhere");
  if (std::abs(slice.step) > (int64_t{1} << 40)) fail(entry.span, "this step is too long");
  return slice;
}

Value Elaborator::index(const Expr& expr, Scope& scope) {
  const Value from = evaluate(*expr.operands[0], scope);
  const auto* tensor = from.get<ir::ValueId>();
  if (!tensor) {
    const auto* list = from.get<List>();
    const auto* tuple = from.get<Tuple>();
    if (!list && !tuple)
      fail(expr.span, fmt::format("{} has no elements to take", described(from)));
    const auto& values = list ? list->values : tuple->values;
    const Expr& entry = *expr.operands[1];
    if (expr.operands.size() != 2 || entry.kind == ExprKind::kEllipsis)
      fail(expr.span, fmt::format("{} has one dimension", described(from)));
    if (entry.kind == ExprKind::kSlice) {
      const Slice slice = slice_of(entry, scope);
      return {List{elements(values, slice.first(), slice.end(), slice.step)}};
    }
    const auto size = static_cast<int64_t>(values.size());
    const int64_t at = position(entry, scope);
    if (at < -size || at >= size)
      fail(expr.span, fmt::format("there is no element {} among {}", at, size));
    return values[static_cast<size_t>(at < 0 ? at + size : at)];
  }
  return index_tensor(expr, *tensor, scope);
}

Value Elaborator::index_tensor(const Expr& expr, ir::ValueId tensor, Scope& scope) {
  const ir::Shape shape = graph_.value(tensor).type.shape;
  const auto ellipsis = std::ranges::count_if(
      expr.operands, [](const ExprPtr& operand) { return operand->kind == ExprKind::kEllipsis; });
  const size_t given = expr.operands.size() - 1 - static_cast<size_t>(ellipsis);
  if (ellipsis > 1) fail(expr.span, "`...` stands once among the positions");
  if (given > shape.size()) {
    auto& diagnostic = error(expr.span, fmt::format("{} positions for {}, which has {} dimension{}",
                                                    given, to_string(graph_.value(tensor).type),
                                                    shape.size(), shape.size() == 1 ? "" : "s"));
    note_origin(diagnostic, {tensor});
    throw Abandon{};
  }
  ir::Ints starts, ends, axes, steps;
  std::vector<bool> dropped(shape.size(), false);  // by an integer
  size_t dim = 0;
  for (size_t i = 1; i < expr.operands.size(); ++i) {
    const Expr& entry = *expr.operands[i];
    if (entry.kind == ExprKind::kEllipsis) {
      dim += shape.size() - given;
      continue;
    }
    const int64_t size = shape[dim];
    Slice slice;
    if (entry.kind == ExprKind::kSlice) {
      slice = slice_of(entry, scope);
    } else {
      int64_t at = position(entry, scope);
      if (at < -size || at >= size) {
        auto& diagnostic = error(entry.span, fmt::format("there is no element {} among the {} of "
                                                         "dimension {}",
                                                         at, size, dim));
        note_origin(diagnostic, {tensor});
        throw Abandon{};
      }
      if (at < 0) at += size;
      slice.start = at;
      slice.stop = at + 1;
      dropped[dim] = true;
    }
    if (!(dropped[dim] && size == 1) && (slice.start || slice.stop || slice.step != 1)) {
      starts.push_back(slice.first());
      ends.push_back(slice.end());
      axes.push_back(static_cast<int64_t>(dim));
      steps.push_back(slice.step);
    }
    ++dim;
  }
  Value result{tensor};
  if (!starts.empty()) {
    ir::Attrs attrs = {{"starts", starts}, {"ends", ends}, {"axes", axes}};
    if (std::ranges::any_of(steps, [](int64_t step) { return step != 1; }))
      attrs.set("steps", steps);
    result = create(ir::ops::slice, {result}, {expr.operands[0]->span}, attrs, {}, expr.span);
  }
  if (std::ranges::find(dropped, true) == dropped.end()) return result;
  const ir::Shape& sliced = graph_.value(*result.get<ir::ValueId>()).type.shape;
  ir::Ints kept;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (!dropped[i]) kept.push_back(sliced[i]);
  }
  return create(ir::ops::reshape, {result}, {expr.span}, {{"shape", kept}}, {}, expr.span);
}

}  // namespace linnet::frontend
