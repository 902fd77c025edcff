// pooled_rows{lanes, channels}: a convolution of few channels with its pool.
// A vector is `lanes` neighbours of a pooled row; the pixels of a pool's window are accumulators of
// their own, so that the pool is arithmetic between registers. Reading every pw-th pixel would cost
// shuffles: the padded copy of the input is stored by phase, in(x / pw, x % pw, …), once.
// Taps of a row in code: a loop takes 1.20x for LeNet conv1; all 5 × 5 in code take 1.00x,
// and 1.34x with AVX2 (Zen 5). Channels before the pixels of the window: 1.00x to 1.02x.
#include "passes/schedule/pooled_rows.h"
#include "base/integers.h"
#include "codegen/lower/families.h"
#include "ir/op_def.h"
#include "ir/ops/shared/window.h"

#include "support/check.h"

namespace linnet::codegen {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace {

// func(x, p, y, c, n): the padded input at column pw·x + p.
struct Phases {
  Func func{"phases"};
  Var x{"x"}, p{"p"}, y{"y"}, c{"c"}, n{"n"};
  std::vector<RDom> interiors = {};  // of the phases that have any pixel
  int pw = 1;

  Phases(Lowering& lowering, const ir::Node& conv, int pool_width) : pw(pool_width) {
    const ir::Shape& input = lowering.operand_type(conv, 0).shape;
    const ir::Shape& w = lowering.operand_type(conv, 1).shape;
    const auto [rows, columns] = *ir::windows(conv.attrs, {w[2], w[3]});
    const int top = static_cast<int>(rows.before);
    const int left = static_cast<int>(columns.before);
    const int height = static_cast<int>(input[2]);
    const int width = static_cast<int>(input[3]);
    func(x, p, y, c, n) = 0.0F;
    for (int phase = 0; phase < pw; ++phase) {
      const int first = ceil_div(std::max(left - phase, 0), pw);  // pw·x + phase ≥ left
      const int end = (left + width - 1 - phase + pw) / pw;       // pw·x + phase < left + width
      if (end <= first) continue;
      interiors.emplace_back(first, end - first, top, height);
      const RDom& r = interiors.back();
      func(r.x, phase, r.y, c, n) =
          lowering.at(conv.operands[0], {n, c, r.y - top, r.x * pw + (phase - left)});
    }
  }

  void schedule(Func& out, const Var& at, int extent, int lanes) {
    func.compute_at(out, at).store_in(Halide::MemoryType::Stack);
    func.bound(x, 0, extent).bound(p, 0, pw);
    func.vectorize(x, lanes).unroll(p);
    for (size_t i = 0; i < interiors.size(); ++i)
      func.update(static_cast<int>(i)).vectorize(interiors[i].x, lanes, TailStrategy::GuardWithIf);
  }
};

}  // namespace

std::vector<Func> pooled_rows_kernel(Lowering& lowering, const ir::Schedule& schedule) {
  const auto numbers = passes::numbers<passes::PooledRows>(schedule);
  const ir::Graph& graph = lowering.graph();
  const ir::Node& conv = anchor_of(graph);
  const ir::Node* pool = nullptr;
  for (const ir::Node& node : graph.nodes())
    pool = node.op->has(ir::kPool) ? &node : pool;
  LINNET_CHECK(pool != nullptr, "pooled_rows without a pool");
  const ir::Ints window = pool->attrs.get(ir::kKernelSize);
  const int ph = static_cast<int>(window[0]);
  const int pw = static_cast<int>(window[1]);
  const ir::Shape& w = lowering.operand_type(conv, 1).shape;
  const int lanes = static_cast<int>(numbers.lanes);
  const int channels = static_cast<int>(numbers.channels);

  Phases phases(lowering, conv, pw);

  // acc(x, o, dx, dy, y, n): the convolution at column pw·x + dx, row ph·y + dy.
  Func acc("acc");
  Var x("x"), y("y"), n("n"), o("o"), dx("dx"), dy("dy");
  RDom r(0, static_cast<int>(w[3]), 0, static_cast<int>(w[2]), 0, static_cast<int>(w[1]), "r");
  acc(x, o, dx, dy, y, n) = 0.0F;
  acc(x, o, dx, dy, y, n) +=
      phases.func(x + (dx + r.x) / pw, (dx + r.x) % pw, y * ph + dy + r.y, r.z, n) *
      lowering.at(conv.operands[1], {o, r.z, r.y, r.x});
  lowering.define(conv.results.front(), [&](const Position& at) {
    return acc(at[3] / pw, at[1], at[3] % pw, at[2] % ph, at[2] / ph, at[0]);
  });

  Func out = lowering.output(0);
  const std::vector<Var> args = out.args();  // stored order: x, y, channel, sample
  const std::vector<int> extents = physical_extents(lowering.type(graph.outputs[0].value));
  bound_extents(out, extents);
  Var lane("lane"), co("co"), ci("ci");
  const auto tail = extents[0] % lanes == 0 ? TailStrategy::Auto : TailStrategy::GuardWithIf;
  out.split(args[0], args[0], lane, lanes, tail)
      .split(args[2], co, ci, channels)
      .reorder(lane, ci, args[0], args[1], co, args[3])
      .vectorize(lane)
      .unroll(ci);
  // Whole vectors of pooled columns, the garbage behind the last included: the copy has room.
  const int columns_needed = round_up(extents[0], lanes);
  const int reach = ceil_div(static_cast<int>(w[3]) - 1, pw);
  phases.schedule(out, args[3], round_up(columns_needed + reach, lanes), lanes);
  acc.compute_at(out, args[0]).store_in(Halide::MemoryType::Stack);
  acc.bound_extent(x, lanes).vectorize(x).unroll(o).unroll(dx).unroll(dy);
  acc.bound(dx, 0, pw).bound(dy, 0, ph);
  acc.update()
      .reorder(x, dx, dy, o, r.x, r.y, r.z)
      .vectorize(x)
      .unroll(o)
      .unroll(dx)
      .unroll(dy)
      .unroll(r.x);
  return {out};
}

}  // namespace linnet::codegen
