// How far two computations of the same values are apart.
#pragma once

#include "base/io/tensor.h"

#include <cstdint>
#include <vector>

namespace linnet::driver {

// The worst difference of a value over all samples. NaN equals NaN, an infinity itself; any other
// difference of one of these is infinite.
class Difference {
public:
  // Two tensors with as many elements, of any types, row-major; `sample` is where they belong.
  void add(int64_t sample, const Tensor& ours, const Tensor& theirs);

  [[nodiscard]] double absolute() const { return absolute_; }
  // As a share of the largest finite magnitude of theirs in all samples; the absolute one if that
  // is 0.
  [[nodiscard]] double relative() const { return largest_ > 0 ? absolute_ / largest_ : absolute_; }
  // Where it is, and the two numbers there; of the first element that was compared if all agree.
  [[nodiscard]] int64_t sample() const { return sample_; }
  [[nodiscard]] const std::vector<int64_t>& element() const { return element_; }
  [[nodiscard]] double ours() const { return ours_; }
  [[nodiscard]] double theirs() const { return theirs_; }

private:
  double absolute_ = 0, largest_ = 0;
  int64_t sample_ = 0;
  std::vector<int64_t> element_;
  double ours_ = 0, theirs_ = 0;
  bool any_ = false;
};

}  // namespace linnet::driver
