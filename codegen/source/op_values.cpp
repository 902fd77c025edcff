// The ops with a kernel, each as an expression of one element of its result: the order of sums is
// the evaluator's and that of codegen/lower/kernels/ops/.
#include "codegen/source/values.h"

#include "ir/op_def.h"
#include "ir/ops/pad.h"
#include "ir/ops/shared/reduction.h"
#include "ir/ops/shared/window.h"
#include "ir/ops/slice.h"
#include "ir/ops/transpose.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::codegen::source {
namespace {

Index tap(const ir::Window& window, const Index& output, const Index& k) {
  return output * window.stride - Index(window.before) + k * window.dilation;
}

NodeId conv2d(Values& v, const ir::Node& node, const Position& position) {
  const ir::Type& input = v.operand_type(node, 0);
  const ir::Shape& w = v.operand_type(node, 1).shape;
  const auto [rows, columns] = *ir::windows(node.attrs, {w[2], w[3]});
  const int64_t groups = node.attrs.get(ir::Key<int64_t>{"groups"});
  const NodeId zero = v.literal(input.dtype, 0);
  return v.reduced("sum", {"i", "ky", "kx"}, {w[1], w[2], w[3]}, zero,
                   [&](NodeId sum, const std::vector<Index>& r) {
                     Index channel = r[0];
                     if (groups > 1)
                       channel = channel + v.e().divide(position[1], w[0] / groups) * w[1];
                     const NodeId x = v.at_or(node.operands[0],
                                              {position[0], channel, tap(rows, position[2], r[1]),
                                               tap(columns, position[3], r[2])},
                                              zero);
                     const NodeId weight = v.at(node.operands[1], {position[1], r[0], r[1], r[2]});
                     const CType type = c_type_of(input.dtype);
                     return v.e().binary(type, "+", sum, v.e().binary(type, "*", x, weight));
                   });
}

// Where an operand of a product is read for an element of the stack of products.
Position stacked(const ir::Type& operand, const Position& stack, const Index& row,
                 const Index& column) {
  Position at;
  const size_t count = operand.rank() - 2;
  for (size_t dim = 0; dim < count; ++dim)
    at.push_back(operand.shape[dim] == 1 ? Index(0) : stack[stack.size() - count + dim]);
  at.push_back(row);
  at.push_back(column);
  return at;
}

NodeId matmul(Values& v, const ir::Node& node, const Position& position) {
  const ir::Type& a = v.operand_type(node, 0);
  const ir::Type& b = v.operand_type(node, 1);
  const bool transposed = node.attrs.get(ir::Key<bool>{"transpose_b"});
  const Position stack(position.begin(), position.end() - 2);
  const Index& m = position[position.size() - 2];
  const Index& n = position.back();
  const CType type = c_type_of(a.dtype);
  return v.reduced("sum", {"k"}, {a.shape.back()}, v.literal(a.dtype, 0),
                   [&](NodeId sum, const std::vector<Index>& r) {
                     const NodeId x = v.at(node.operands[0], stacked(a, stack, m, r[0]));
                     const NodeId y =
                         v.at(node.operands[1],
                              transposed ? stacked(b, stack, n, r[0]) : stacked(b, stack, r[0], n));
                     return v.e().binary(type, "+", sum, v.e().binary(type, "*", x, y));
                   });
}

struct Pool {
  ir::Window rows, columns;

  explicit Pool(const ir::Node& node) {
    const auto both = *ir::windows(node.attrs, node.attrs.get(ir::kKernelSize));
    rows = both.first;
    columns = both.second;
  }
  Position at(const Position& position, const Index& ky, const Index& kx) const {
    return {position[0], position[1], tap(rows, position[2], ky), tap(columns, position[3], kx)};
  }
  NodeId fold(Values& v, const ir::Node& node, const Position& position, const std::string& name,
              NodeId first, const std::function<NodeId(NodeId, NodeId)>& combine) const {
    return v.reduced(name, {"ky", "kx"}, {rows.size, columns.size}, first,
                     [&](NodeId so_far, const std::vector<Index>& r) {
                       return combine(so_far,
                                      v.at_or(node.operands[0], at(position, r[0], r[1]), first));
                     });
  }
};

NodeId max_pool2d(Values& v, const ir::Node& node, const Position& position) {
  const NodeId least = v.least(v.operand_type(node, 0).dtype);
  return Pool(node).fold(v, node, position, "most", least,
                         [&](NodeId best, NodeId tap) { return v.larger(tap, best); });
}

// ir::pool_divisor of a position that is known only at run time.
NodeId divisor(Values& v, const ir::Window& w, const Index& output, int64_t input, bool padding) {
  const Index start = tap(w, output, 0);
  const auto taps_before = [&](int64_t place) {
    return v.call(CType::kI32, "ceil_div_i32",
                  {v.e().number(Index(place) - start), v.e().integer(CType::kI32, w.dilation)});
  };
  const NodeId from = taps_before(padding ? -w.before : 0);
  const NodeId to =
      v.smaller(taps_before(padding ? input + w.after : input), v.e().integer(CType::kI32, w.size));
  return v.e().binary(CType::kI32, "-", to, from);
}

NodeId avg_pool2d(Values& v, const ir::Node& node, const Position& position) {
  const ir::Type& input = v.operand_type(node, 0);
  const CType type = c_type_of(input.dtype);
  const Pool pool(node);
  const NodeId zero = v.literal(input.dtype, 0);
  const NodeId sum = pool.fold(v, node, position, "sum", zero, [&](NodeId so_far, NodeId tap) {
    return v.e().binary(type, "+", so_far, tap);
  });
  const ir::Shape& out = v.type(node.results.front()).shape;
  const auto within = [](const ir::Window& w, int64_t in, int64_t outputs) {
    return w.before == 0 && w.at(outputs - 1, w.size - 1) < in;
  };
  if (within(pool.rows, input.shape[2], out[2]) && within(pool.columns, input.shape[3], out[3])) {
    const auto count = static_cast<double>(pool.rows.size * pool.columns.size);
    return v.e().binary(type, "/", sum, v.literal(input.dtype, count));
  }
  const bool padding = node.attrs.get(ir::kCountIncludePad);
  const NodeId count =
      v.e().binary(CType::kI32, "*", divisor(v, pool.rows, position[2], input.shape[2], padding),
                   divisor(v, pool.columns, position[3], input.shape[3], padding));
  return v.e().binary(type, "/", sum, v.e().cast(type, count));
}

// The tap that is the largest so far; its value is read again. -1: none yet, while in the padding.
NodeId max_pool2d_index(Values& v, const ir::Node& node, const Position& position) {
  Expressions& e = v.e();
  const Pool pool(node);
  const NodeId least = v.least(v.operand_type(node, 0).dtype);
  const int64_t width = pool.columns.size;
  const NodeId index = v.reduced(
      "tap", {"ky", "kx"}, {pool.rows.size, width}, e.integer(CType::kI32, -1),
      [&](NodeId best, const std::vector<Index>& r) {
        const NodeId none = e.compare("<", best, e.integer(CType::kI32, 0));
        const Index known = e.index_of(e.select(none, e.integer(CType::kI32, 0), best), 0,
                                       pool.rows.size * width - 1);
        const Position here = pool.at(position, r[0], r[1]);
        const Position there = pool.at(position, e.divide(known, width), e.modulo(known, width));
        const ir::Shape& in = v.operand_type(node, 0).shape;
        const NodeId valid = e.both(e.inside(here[2], in[2]), e.inside(here[3], in[3]));
        const NodeId more = e.compare(">", v.at_or(node.operands[0], here, least),
                                      v.at_or(node.operands[0], there, least));
        return e.select(e.both(valid, e.either(none, more)), e.number(r[0] * width + r[1]), best);
      });
  return e.cast(c_type_of(v.type(node.results.front()).dtype), index);
}

// `first`, then step(so far, element) over the dimensions that the node's `dim` names, in row-major
// order.
NodeId reduce_dims(Values& v, const ir::Node& node, const Position& position,
                   const std::string& name, NodeId first,
                   const std::function<NodeId(NodeId so_far, NodeId element)>& step) {
  const ir::Shape& in = v.operand_type(node, 0).shape;
  const std::vector<bool> reduced = *ir::reduced_dims(node.attrs, in.size());
  const bool keep = node.attrs.get(ir::kKeepDim);
  std::vector<int64_t> extents;
  std::vector<std::string> variables;
  for (size_t dim = 0; dim < in.size(); ++dim) {
    if (!reduced[dim]) continue;
    extents.push_back(in[dim]);
    variables.push_back(fmt::format("r{}", dim));
  }
  if (extents.empty()) return step(first, v.at(node.operands[0], position));
  return v.reduced(name, variables, extents, first,
                   [&](NodeId so_far, const std::vector<Index>& r) {
                     Position from;
                     size_t next_reduced = 0, next_kept = 0;
                     for (size_t dim = 0; dim < in.size(); ++dim) {
                       from.push_back(reduced[dim] ? r[next_reduced++] : position[next_kept]);
                       if (!reduced[dim] || keep) ++next_kept;
                     }
                     return step(so_far, v.at(node.operands[0], from));
                   });
}

NodeId folded(Values& v, const ir::Node& node, const Position& position, const std::string& op) {
  const ir::DType dtype = v.operand_type(node, 0).dtype;
  return reduce_dims(v, node, position, op == "+" ? "sum" : "product",
                     v.literal(dtype, op == "+" ? 0 : 1), [&](NodeId so_far, NodeId element) {
                       return v.e().binary(c_type_of(dtype), op, so_far, element);
                     });
}

NodeId sum(Values& v, const ir::Node& node, const Position& position) {
  return folded(v, node, position, "+");
}

NodeId prod(Values& v, const ir::Node& node, const Position& position) {
  return folded(v, node, position, "*");
}

NodeId mean(Values& v, const ir::Node& node, const Position& position) {
  const ir::Type& input = v.operand_type(node, 0);
  const double count = static_cast<double>(input.elements()) /
                       static_cast<double>(v.type(node.results.front()).elements());
  return v.e().binary(c_type_of(input.dtype), "/", sum(v, node, position),
                      v.literal(input.dtype, count));
}

NodeId amax(Values& v, const ir::Node& node, const Position& position) {
  return reduce_dims(v, node, position, "most", v.least(v.operand_type(node, 0).dtype),
                     [&](NodeId best, NodeId x) { return v.larger(x, best); });
}

NodeId amin(Values& v, const ir::Node& node, const Position& position) {
  return reduce_dims(v, node, position, "least", v.greatest(v.operand_type(node, 0).dtype),
                     [&](NodeId best, NodeId x) { return v.smaller(x, best); });
}

NodeId reshape(Values& v, const ir::Node& node, const Position& position) {
  const ir::Shape& from = v.operand_type(node, 0).shape;
  const ir::Shape& to = v.type(node.results.front()).shape;
  if (from == to) return v.at(node.operands[0], position);
  Position at(from.size());
  Index rest = linear(to, position);
  for (size_t dim = from.size(); dim-- > 0;) {
    at[dim] = dim == 0 ? rest : v.e().modulo(rest, from[dim]);
    rest = v.e().divide(rest, from[dim]);
  }
  if (!at.empty() && from[0] == 1) at[0] = 0;
  return v.at(node.operands[0], at);
}

NodeId transpose(Values& v, const ir::Node& node, const Position& position) {
  const ir::Ints dims = ir::permutation(node.attrs, position.size());
  Position from(position.size());
  for (size_t i = 0; i < position.size(); ++i)
    from[static_cast<size_t>(dims[i])] = position[i];
  return v.at(node.operands[0], from);
}

NodeId concat(Values& v, const ir::Node& node, const Position& position) {
  const size_t dim = *ir::one_dim(node.attrs, position.size());
  NodeId value = -1;
  int64_t offset = 0;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const int64_t size = v.operand_type(node, i).shape[dim];
    if (size == 0) continue;
    const auto [low, high] = v.e().range(position[dim]);
    if (offset <= high && offset + size > low) {
      Position from = position;
      from[dim] = from[dim] - Index(offset);
      const NodeId piece = v.at(node.operands[i], from);
      value = value < 0 ? piece
                        : v.e().guard(v.e().compare("<", v.e().number(position[dim]),
                                                    v.e().integer(CType::kI32, offset)),
                                      value, piece);
    }
    offset += size;
  }
  return value;
}

NodeId slice(Values& v, const ir::Node& node, const Position& position) {
  const auto ranges = *ir::slice_ranges(node.attrs, v.operand_type(node, 0).shape);
  Position from;
  for (size_t dim = 0; dim < ranges.size(); ++dim)
    from.push_back(position[dim] * ranges[dim].step + Index(ranges[dim].start));
  return v.at(node.operands[0], from);
}

NodeId gather(Values& v, const ir::Node& node, const Position& position) {
  const ir::Shape& in = v.operand_type(node, 0).shape;
  const size_t dim = *ir::one_dim(node.attrs, in.size());
  const auto first = position.begin() + static_cast<ptrdiff_t>(dim);
  const auto rest = first + static_cast<ptrdiff_t>(v.operand_type(node, 1).rank());
  const NodeId index = v.at(node.operands[1], {first, rest});
  const NodeId place = v.call(
      CType::kI32, "place", {v.e().cast(CType::kI64, index), v.e().integer(CType::kI32, in[dim])});
  Position from(position.begin(), first);
  from.push_back(v.e().index_of(place, 0, in[dim] - 1));
  from.insert(from.end(), rest, position.end());
  return v.at(node.operands[0], from);
}

NodeId pad(Values& v, const ir::Node& node, const Position& position) {
  const ir::Type& in = v.operand_type(node, 0);
  const ir::Ints& pads = node.attrs.get(ir::kPads);
  const std::string& mode = node.attrs.get(ir::kPadMode).word;
  Position from;
  for (size_t dim = 0; dim < in.rank(); ++dim) {
    Index source = position[dim] - Index(pads[dim]);
    const int64_t last = in.shape[dim] - 1;
    const auto [low, high] = v.e().range(source);
    if (mode != "constant" && (low < 0 || high > last)) {
      const NodeId place = v.call(CType::kI32, mode == "edge" ? "nearest" : "reflected",
                                  {v.e().number(source), v.e().integer(CType::kI32, last)});
      source = v.e().index_of(place, 0, last);
    }
    from.push_back(source);
  }
  if (mode != "constant") return v.at(node.operands[0], from);
  return v.at_or(node.operands[0], from, v.literal(in.dtype, node.attrs.get(ir::kPadValue)));
}

NodeId broadcast_to(Values& v, const ir::Node& node, const Position& position) {
  const ir::Shape& in = v.operand_type(node, 0).shape;
  const size_t offset = position.size() - in.size();
  Position from;
  for (size_t dim = 0; dim < in.size(); ++dim)
    from.push_back(in[dim] == 1 ? Index(0) : position[offset + dim]);
  return v.at(node.operands[0], from);
}

NodeId cast(Values& v, const ir::Node& node, const Position& position) {
  Expressions& e = v.e();
  const ir::DType from = v.operand_type(node, 0).dtype;
  const ir::DType to = v.type(node.results.front()).dtype;
  NodeId value = v.at(node.operands[0], position);
  if (from == to) return value;
  const auto half = [](ir::DType dtype) {
    return dtype == ir::DType::kF16 || dtype == ir::DType::kBF16;
  };
  if (half(from)) value = v.call(CType::kF32, fmt::format("from_{}", name(from)), {value});
  if (half(to))
    return v.call(CType::kHalf, fmt::format("to_{}", name(to)), {e.cast(CType::kF32, value)});
  const CType type = c_type_of(to);
  if (to == ir::DType::kBool)
    return e.cast(type, e.compare("!=", value, e.literal(e.type(value), 0)));
  if (!is_floating(e.type(value)) || is_float(to)) return e.cast(type, value);
  return e.cast(type, v.call(CType::kI64, "to_i64", {e.cast(CType::kF64, value)}));
}

// The number of an element, of a part's in the whole.
NodeId random_element(Values& v, const ir::Node& node, const Index& element) {
  Expressions& e = v.e();
  if (node.operands.size() < 3 || !node.operands[2]) return e.number(element);
  const int64_t run = node.attrs.get(ir::Key<int64_t>{"run"});
  const auto wide = [&](const Index& index) { return e.cast(CType::kI64, e.number(index)); };
  const auto number = [&](int64_t value) { return e.integer(CType::kI64, value); };
  const auto binary = [&](const char* op, NodeId a, NodeId b) {
    return e.binary(CType::kI64, op, a, b);
  };
  const NodeId part = e.cast(
      CType::kI64, v.at(node.operands[2], Position(v.operand_type(node, 2).rank(), Index(0))));
  const NodeId before =
      binary("*", wide(e.divide(element, run)), number(node.attrs.get(ir::Key<int64_t>{"parts"})));
  const NodeId first = binary("*", binary("+", before, part), number(run));
  return e.cast(CType::kI32, binary("+", first, wide(e.modulo(element, run))));
}

NodeId random_uniform(Values& v, const ir::Node& node, const Position& position) {
  const auto scalar = [&](size_t i) {
    return v.at(node.operands[i], Position(v.operand_type(node, i).rank(), Index(0)));
  };
  const ir::Type& type = v.type(node.results.front());
  const auto stream = static_cast<int64_t>(node.attrs.get(ir::Key<int64_t>{"stream"}));
  const CType c = c_type_of(type.dtype);
  return v.call(c, fmt::format("uniform_{}", suffix(c)),
                {v.e().cast(CType::kI64, scalar(0)), v.e().integer(CType::kI64, stream),
                 v.e().cast(CType::kI64, scalar(1)),
                 random_element(v, node, linear(type.shape, position))});
}

constexpr auto kOpValues = std::to_array<OpValue>({{&ir::ops::conv2d, conv2d},
                                                   {&ir::ops::matmul, matmul},
                                                   {&ir::ops::max_pool2d, max_pool2d},
                                                   {&ir::ops::max_pool2d_index, max_pool2d_index},
                                                   {&ir::ops::avg_pool2d, avg_pool2d},
                                                   {&ir::ops::sum, sum},
                                                   {&ir::ops::mean, mean},
                                                   {&ir::ops::amax, amax},
                                                   {&ir::ops::amin, amin},
                                                   {&ir::ops::prod, prod},
                                                   {&ir::ops::reshape, reshape},
                                                   {&ir::ops::flatten, reshape},
                                                   {&ir::ops::transpose, transpose},
                                                   {&ir::ops::concat, concat},
                                                   {&ir::ops::slice, slice},
                                                   {&ir::ops::gather, gather},
                                                   {&ir::ops::pad, pad},
                                                   {&ir::ops::broadcast_to, broadcast_to},
                                                   {&ir::ops::cast, cast},
                                                   {&ir::ops::random_uniform, random_uniform}});

}  // namespace

std::span<const OpValue> op_values() {
  return kOpValues;
}

}  // namespace linnet::codegen::source
