// Elements and slices of lists and tensors, as numpy counts: negative positions from the end,
// slices clamped to what is there.
#include "frontend/lin/elaborate/indexing.h"

#include "frontend/lin/elaborate/expressions.h"
#include "ir/op_def.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

// `start:stop:step`; what is left out is the end that a walk begins or ends at.
struct Slice {
  std::optional<int64_t> start, stop;
  int64_t step = 1;

  // ONNX's Slice takes any number beyond the end for "to the end".
  [[nodiscard]] int64_t first() const { return start.value_or(step > 0 ? 0 : INT64_MAX); }
  [[nodiscard]] int64_t end() const { return stop.value_or(step > 0 ? INT64_MAX : INT64_MIN); }
};

// The attributes of a slice, and the dimensions that an integer takes away.
struct Positions {
  ir::Ints starts, ends, axes, steps;
  std::vector<bool> dropped;
};

class Indexing {
public:
  Indexing(Scope& scope, Expressions& expressions, Nodes& nodes, Report& report)
      : scope_(scope), expressions_(expressions), nodes_(nodes), report_(report) {}

  Value of_list(const Expr& expr, const Value& from) {
    const auto* list = from.get<List>();
    const auto* tuple = from.get<Tuple>();
    if (!list && !tuple)
      report_.fail(expr.span, fmt::format("{} has no elements to take", nodes_.described(from)));
    const auto& values = list ? list->values : tuple->values;
    const Expr& entry = *expr.operands[1];
    if (expr.operands.size() != 2 || entry.kind == ExprKind::kEllipsis)
      report_.fail(expr.span, fmt::format("{} has one dimension", nodes_.described(from)));
    if (entry.kind == ExprKind::kSlice) {
      const Slice slice = slice_of(entry);
      return {List{elements(values, slice.first(), slice.end(), slice.step)}};
    }
    const auto size = static_cast<int64_t>(values.size());
    const int64_t at = position(entry);
    if (at < -size || at >= size)
      report_.fail(expr.span, fmt::format("there is no element {} among {}", at, size));
    return values[static_cast<size_t>(at < 0 ? at + size : at)];
  }

  Value of_tensor(const Expr& expr, ir::ValueId tensor) {
    const ir::Shape shape = nodes_.type(tensor).shape;
    const auto ellipsis = std::ranges::count_if(
        expr.operands, [](const ExprPtr& operand) { return operand->kind == ExprKind::kEllipsis; });
    const size_t given = expr.operands.size() - 1 - static_cast<size_t>(ellipsis);
    if (ellipsis > 1) report_.fail(expr.span, "`...` stands once among the positions");
    if (given > shape.size()) {
      auto& diagnostic =
          report_.error(expr.span, fmt::format("{} positions for {}, which has {} dimension{}",
                                               given, to_string(nodes_.type(tensor)), shape.size(),
                                               shape.size() == 1 ? "" : "s"));
      nodes_.note_origin(diagnostic, {tensor});
      throw Abandon{};
    }
    const Positions positions = positions_of(expr, tensor, shape, given);
    Value result{tensor};
    if (!positions.starts.empty()) {
      ir::Attrs attrs = {
          {"starts", positions.starts}, {"ends", positions.ends}, {"axes", positions.axes}};
      if (std::ranges::any_of(positions.steps, [](int64_t step) { return step != 1; }))
        attrs.set("steps", positions.steps);
      result =
          nodes_.create(ir::ops::slice, {result}, {expr.operands[0]->span}, attrs, {}, expr.span);
    }
    if (std::ranges::find(positions.dropped, true) == positions.dropped.end()) return result;
    const ir::Shape& sliced = nodes_.type(*result.get<ir::ValueId>()).shape;
    ir::Ints kept;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (!positions.dropped[i]) kept.push_back(sliced[i]);
    }
    return nodes_.create(ir::ops::reshape, {result}, {expr.span}, {{"shape", kept}}, {}, expr.span);
  }

private:
  Positions positions_of(const Expr& expr, ir::ValueId tensor, const ir::Shape& shape,
                         size_t given) {
    Positions positions;
    positions.dropped.assign(shape.size(), false);
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
        slice = slice_of(entry);
      } else {
        int64_t at = position(entry);
        if (at < -size || at >= size) {
          auto& diagnostic =
              report_.error(entry.span, fmt::format("there is no element {} among the {} of "
                                                    "dimension {}",
                                                    at, size, dim));
          nodes_.note_origin(diagnostic, {tensor});
          throw Abandon{};
        }
        if (at < 0) at += size;
        slice.start = at;
        slice.stop = at + 1;
        positions.dropped[dim] = true;
      }
      if (!(positions.dropped[dim] && size == 1) &&
          (slice.start || slice.stop || slice.step != 1)) {
        positions.starts.push_back(slice.first());
        positions.ends.push_back(slice.end());
        positions.axes.push_back(static_cast<int64_t>(dim));
        positions.steps.push_back(slice.step);
      }
      ++dim;
    }
    return positions;
  }

  // An integer of a position or a slice.
  int64_t position(const Expr& expr) {
    const Value value = expressions_.evaluate(expr, scope_);
    if (const auto* integer = value.get<int64_t>()) return *integer;
    report_.fail(expr.span,
                 fmt::format("a position is an integer known while the model is built, not {}",
                             nodes_.described(value)),
                 value.is_tensor() ? "gather(x, indices, dim: …) takes what a tensor of i64 says"
                                   : "");
  }

  Slice slice_of(const Expr& entry) {
    Slice slice;
    if (entry.operands[0]) slice.start = position(*entry.operands[0]);
    if (entry.operands[1]) slice.stop = position(*entry.operands[1]);
    if (entry.operands[2]) slice.step = position(*entry.operands[2]);
    if (slice.step == 0) report_.fail(entry.span, "a step of 0 leads nowhere");
    if (std::abs(slice.step) > (int64_t{1} << 40))
      report_.fail(entry.span, "this step is too long");
    return slice;
  }

  Scope& scope_;
  Expressions& expressions_;
  Nodes& nodes_;
  Report& report_;
};

}  // namespace

Value index(const Expr& expr, Scope& scope, Expressions& expressions, Nodes& nodes,
            Report& report) {
  const Value from = expressions.evaluate(*expr.operands[0], scope);
  Indexing indexing(scope, expressions, nodes, report);
  const auto* tensor = from.get<ir::ValueId>();
  return tensor ? indexing.of_tensor(expr, *tensor) : indexing.of_list(expr, from);
}

}  // namespace linnet::frontend
