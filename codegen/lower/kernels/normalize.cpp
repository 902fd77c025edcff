// normalize{lanes, kept}: rows whose elements depend on sums or maxima of their row.
//   part(l, t) = Σ or max over i of x(row, (i·chains + t)·lanes + l)
//   total(row) = Σ or max over l and t of part
// Vectors along a row are chains of their own, up to a handful; they and their lanes are joined at
// the end, in one order. What the row's elements are made of is computed in the same vectors. Rows
// too short for a vector lie side by side: a vector holds the same element of many.
#include "passes/schedule/normalize.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "codegen/lower/kernels/shared/arithmetic.h"
#include "codegen/lower/kernels/shared/lane_tiles.h"
#include "ir/op_def.h"
#include "ir/ops/shared/reduction.h"

#include <algorithm>

namespace linnet::codegen {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

constexpr int kChains = 8;

// A reduction's arithmetic.
struct Rule {
  Expr first;
  Expr (*join)(const Expr& a, const Expr& b);
};

Rule rule_of(const ir::Node& node) {
  if (node.op == &ir::ops::amax)
    return {least(ir::DType::kF32), [](const Expr& a, const Expr& b) { return larger(b, a); }};
  if (node.op == &ir::ops::amin)
    return {greatest(ir::DType::kF32), [](const Expr& a, const Expr& b) { return smaller(b, a); }};
  return {0.0F, sum_of};
}

// One variable for each dimension of a value, innermost first.
std::vector<Var> variables(const ir::Type& type) {
  std::vector<Var> vars;
  for (size_t dim = type.rank(); dim-- > 0;)
    vars.emplace_back("d" + std::to_string(dim));
  return vars;
}

// Stages of one row.
struct Stages {
  Lowering& lowering;
  int lanes = 1;
  std::vector<Func> funcs = {};

  // The sum or maximum of a row, from now on what the node's result is read from.
  void reduce(const ir::Node& node) {
    const LaneTiles tiles(static_cast<int>(lowering.operand_type(node, 0).shape.back()), lanes);
    const int chains = std::min(tiles.count, kChains);
    const Rule rule = rule_of(node);
    const ir::Type& type = lowering.type(node.results.front());
    const std::vector<Var> vars = variables(type);
    Position from(vars.rbegin(), vars.rend());
    if (node.attrs.get(ir::kKeepDim)) from.pop_back();

    Func part("part");
    Var l("l"), t("t");
    Halide::RDom r(0, ceil_div(tiles.count, chains), "r");
    const Expr tile = r * chains + t;
    if (tiles.count % chains != 0) r.where(tile < tiles.count);
    from.push_back(tiles.position(tile, l));
    Expr element = lowering.at(node.operands.front(), from);
    const bool sums = node.op == &ir::ops::sum || node.op == &ir::ops::mean;
    if (sums) element = tiles.counted(tile, l, element);  // a maximum may see one twice
    std::vector<Var> args = {l, t};
    args.insert(args.end(), vars.begin(), vars.end());
    part(args) = rule.first;
    part(args) = rule.join(part(args), at_every_point(r, element));

    Func total("total");
    const auto lane_of = [&](int chain, int lane) {
      std::vector<Expr> at = {lane, chain};
      at.insert(at.end(), vars.begin(), vars.end());
      return Expr(part(at));
    };
    Expr all = joined(lanes, rule.join, [&](int lane) {
      return joined(chains, rule.join, [&](int chain) { return lane_of(chain, lane); });
    });
    if (node.op == &ir::ops::mean) all = all / literal(type.dtype, tiles.extent);
    total(vars) = all;
    lowering.define(node.results.front(), [total](const Position& at) {
      return total(std::vector<Expr>(at.rbegin(), at.rend()));
    });
    part.bound(l, 0, lanes).bound(t, 0, chains).vectorize(l).unroll(t);
    part.update().reorder(l, t).vectorize(l).unroll(t);
    funcs.push_back(part);
    funcs.push_back(total);
  }

  // A value of a row is stored, and read from there.
  void keep(ir::ValueId value) {
    const std::vector<Var> vars = variables(lowering.type(value));
    Func row("row");
    row(vars) = lowering.at(value, Position(vars.rbegin(), vars.rend()));
    lowering.define(value, [row](const Position& at) {
      return row(std::vector<Expr>(at.rbegin(), at.rend()));
    });
    row.vectorize(vars.front(), lanes, Halide::TailStrategy::ShiftInwards);
    funcs.push_back(row);
  }
};

// Sums and maxima of short rows are written out; what several elements share LLVM finds.
std::vector<Func> across_rows_kernel(Lowering& lowering, int lanes) {
  const ir::Graph& graph = lowering.graph();
  for (const ir::Node& node : graph.nodes()) {
    if (!node.op->has(ir::kReduction)) continue;
    const ir::ValueId from = node.operands.front();
    const int count = static_cast<int>(lowering.type(from).shape.back());
    const Rule rule = rule_of(node);
    const bool keep = node.attrs.get(ir::kKeepDim);
    const bool is_mean = node.op == &ir::ops::mean;
    lowering.define(node.results.front(), [=, &lowering](Position at) {
      if (keep) at.pop_back();
      at.emplace_back(0);
      Expr all = lowering.at(from, at);
      for (int i = 1; i < count; ++i) {
        at.back() = i;
        all = rule.join(all, lowering.at(from, at));
      }
      return is_mean ? all / literal(ir::DType::kF32, count) : all;
    });
  }
  Func out = lowering.output(0);
  const ir::Type& type = lowering.type(graph.outputs[0].value);
  const std::vector<int> extents = physical_extents(type);
  bound_extents(out, extents);
  const Var element = out.args()[0];
  const Var rows = out.args()[type.rank() - 1 - passes::many_dim(type).first];
  Var lane("lane");
  out.split(rows, rows, lane, lanes, Halide::TailStrategy::ShiftInwards)
      .reorder(lane, element, rows)
      .vectorize(lane)
      .unroll(element);
  return {out};
}

}  // namespace

std::vector<Func> normalize_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::Normalize>(schedule);
  const ir::Graph& graph = lowering.graph();
  if (passes::across_rows(graph))
    return across_rows_kernel(lowering, static_cast<int>(numbers.lanes));
  const std::vector<ir::ValueId> kept =
      numbers.kept != 0 ? passes::kept_values(graph) : std::vector<ir::ValueId>{};
  Stages stages{lowering, static_cast<int>(numbers.lanes)};
  for (const ir::Node& node : graph.nodes()) {
    if (node.op->has(ir::kReduction)) stages.reduce(node);
    if (std::ranges::find(kept, node.results.front()) != kept.end())
      stages.keep(node.results.front());
  }

  Func out = lowering.output(0);
  const std::vector<Var> args = out.args();
  const std::vector<int> extents = physical_extents(lowering.type(graph.outputs[0].value));
  bound_extents(out, extents);
  Var lane("lane");
  out.split(args[0], args[0], lane, stages.lanes, Halide::TailStrategy::ShiftInwards)
      .vectorize(lane);
  for (Func& func : stages.funcs) {
    if (args.size() > 1) {
      func.compute_at(out, args[1]);
    } else {
      func.compute_root();
    }
    func.store_in(Halide::MemoryType::Stack);
  }
  return {out};
}

}  // namespace linnet::codegen
