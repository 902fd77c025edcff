// The course of a run as a picture.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::runtime::train {

struct CurvePoint {
  int64_t step = 0;
  double value = 0;
};
struct Curve {
  std::string name;  // "train loss"
  std::vector<CurvePoint> points;
};

// Lines over steps as SVG; the vertical axis is logarithmic where all values are above 0 and the
// largest is more than 20 times the least.
[[nodiscard]] Result<void> write_plot(const std::string& path, const std::string& title,
                                      const std::vector<Curve>& curves);

}  // namespace linnet::runtime::train
