// A model stepped through its series: one value of each in, a forecast out.
#pragma once

#include "base/memory.h"
#include "base/result.h"
#include "runtime/data/series_table.h"
#include "runtime/run/model.h"

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace linnet::runtime {

class Stream {
public:
  // Begins with the state's first values. `ports` outlives the stream.
  Stream(const linnet_model_v1& model, const SeriesPorts& ports);

  // Values of one step per input, oldest first where the model takes several; not yet scaled.
  [[nodiscard]] int64_t width(size_t input) const { return widths_[input]; }
  // The forecast, in the series' own units; NaN while a window is not full.
  double step(const std::vector<std::vector<double>>& values);
  // The same from the columns of a table (or what was appended to them): the target's newest value
  // stands in `row`.
  double step(const std::vector<std::vector<double>>& columns, int64_t row);

  // All that the next answer depends on.
  struct Snapshot {
    std::vector<uint8_t> state;
    int64_t steps = 0;
  };
  [[nodiscard]] Snapshot snapshot() const;
  void restore(const Snapshot& snapshot);
  [[nodiscard]] Result<void> save(const std::string& path) const;
  // Refuses the state of another model or of other weights.
  [[nodiscard]] Result<void> load(const std::string& path);

private:
  const linnet_model_v1& model_;
  const SeriesPorts& ports_;
  std::unique_ptr<void, FreeMemory> state_, arena_;
  std::vector<int64_t> widths_;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<const void*> from_;
  std::vector<void*> to_;
  std::vector<std::vector<double>> row_;
  size_t target_output_ = 0;
  int64_t steps_ = 0;
};

}  // namespace linnet::runtime
