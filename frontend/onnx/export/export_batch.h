// Which sizes of a graph follow the batch, found by comparing the model at several batch sizes.
#pragma once

#include "base/result.h"
#include "ir/graph.h"
#include "ir/place.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::frontend {

class BatchSizes {
public:
  // No size does.
  BatchSizes() = default;

  struct Refusal {
    std::string message;
    ir::Place place;
  };
  // `one` is the model of one sample, `others` the same for other numbers of them. `shape_attr`
  // names the attribute of an op, if there is one, that only repeats the shape of its result. An
  // error says what depends on the batch in another way than by sizes that are multiples of it.
  [[nodiscard]] static Result<BatchSizes, Refusal>
  compare(const ir::Graph& one, std::span<const std::pair<int64_t, const ir::Graph*>> others,
          std::string_view (*shape_attr)(const ir::OpDef&));

  // The size of a dimension over the size of the batch; 0 where it is always the same.
  [[nodiscard]] int64_t factor(ir::ValueId value, size_t dim) const;
  // Does any size of the value follow the batch?
  [[nodiscard]] bool follows(ir::ValueId value) const;
  // Does any size of the graph?
  [[nodiscard]] bool any() const { return !factors_.empty(); }

private:
  std::vector<std::vector<int64_t>> factors_;  // by value and dimension; empty: all 0
};

}  // namespace linnet::frontend
