// The worst difference of two tensors, and where it is.
#include "driver/difference.h"

#include "support/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace linnet::driver {
namespace {

double between(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double difference = std::fabs(a - b);
  return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
}

std::vector<int64_t> position(const std::vector<int64_t>& shape, size_t at) {
  std::vector<int64_t> result(shape.size());
  for (size_t dim = shape.size(); dim-- > 0;) {
    const auto size = static_cast<size_t>(shape[dim]);
    result[dim] = static_cast<int64_t>(at % size);
    at /= size;
  }
  return result;
}

}  // namespace

void Difference::add(int64_t sample, const Tensor& ours, const Tensor& theirs) {
  const Tensor a = converted(ours, DType::kF64);
  const Tensor b = converted(theirs, DType::kF64);
  const auto mine = a.as<double>();
  const auto others = b.as<double>();
  LINNET_CHECK(mine.size() == others.size(), "tensors of other sizes are compared");
  for (size_t i = 0; i < mine.size(); ++i) {
    if (std::isfinite(others[i])) largest_ = std::max(largest_, std::fabs(others[i]));
    const double difference = between(mine[i], others[i]);
    if (any_ && difference <= absolute_) continue;
    any_ = true;
    absolute_ = difference;
    sample_ = sample;
    element_ = position(ours.shape, i);
    ours_ = mine[i];
    theirs_ = others[i];
  }
}

}  // namespace linnet::driver
