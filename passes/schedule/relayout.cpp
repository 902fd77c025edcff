// relayout: a copy whose innermost dimension is another than the source's.
#include "passes/schedule/relayout.h"

#include "ir/op_def.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

// What the copy stores side by side, and how long the rows are that it reads.
struct Transposed {
  bool rows_of_one = false;  // the layout is rows of what follows one dimension, with that
                             // dimension innermost or in blocks
  bool blocked = false;
  int64_t block = 1;
  int64_t columns = 1;

  explicit Transposed(const ir::Type& type) {
    const ir::Layout& layout = type.layout;
    if (layout.order.empty()) return;
    blocked = layout.block_dim >= 0;
    block = layout.block;
    const int dim = blocked ? layout.block_dim : layout.order.back();
    std::vector<int> order;
    bool rounded = false;
    for (int i = 0; i < static_cast<int>(type.rank()); ++i) {
      const auto at = static_cast<size_t>(i);
      if (i != dim || blocked) order.push_back(i);
      if (i > dim) columns *= type.shape[at];
      rounded = rounded || (i != dim && type.stored_extent(at) != type.shape[at]);
    }
    if (!blocked) order.push_back(dim);
    rows_of_one = order == layout.order && !rounded;
  }
  [[nodiscard]] bool takes(int64_t lanes) const {
    return columns >= lanes && (!blocked || block % lanes == 0);
  }
};

const ir::Type& stored(const ir::Graph& body) {
  return body.value(body.nodes().front().results.front()).type;
}

}  // namespace

std::string Relayout::fits(const ir::Graph& body) {
  const auto& nodes = body.nodes();
  if (nodes.size() != 1 || !nodes.front().op->has(ir::kView)) return "it is no copy";
  const ir::Type& from = body.value(nodes.front().operands.front()).type;
  const ir::Type& to = stored(body);
  if (from.dtype != ir::DType::kF32) return "it copies no f32";
  if (!from.same_logical(to)) return "it reshapes";
  if (!from.layout.is_row_major()) return "it reads " + to_string(from) + ", not rows";
  const Transposed transposed(to);
  if (!transposed.rows_of_one) return "it stores " + to_string(to) + ", which transposes nothing";
  if (!transposed.takes(4)) return "rows or blocks are too short for tiles of 4 × 4";
  return "";
}

std::vector<int64_t> Relayout::legal(const ir::Graph& body, size_t) const {
  const Transposed transposed(stored(body));
  std::vector<int64_t> values = vector_lanes();
  std::erase_if(values, [&](int64_t value) { return !transposed.takes(value); });
  return values;
}

Choice<Relayout> Relayout::choose(const Candidate& group) {
  Relayout best;
  best.lanes = group.target.lanes(4);
  if (!Transposed(stored(group.body)).takes(best.lanes))
    return fmt::format("rows or blocks are too short for tiles of {0} × {0}", best.lanes);
  return best;
}

Family relayout_family() {
  return family_of<Relayout>();
}

}  // namespace linnet::passes
