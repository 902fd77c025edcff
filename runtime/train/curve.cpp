// Losses over steps as a picture.
#include "runtime/train/curve.h"

#include "base/io/file.h"
#include "runtime/answers/plot.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sys/stat.h>
#include <utility>

namespace linnet::runtime::train {

Result<void> write_plot(const std::string& path, const std::string& title,
                        const std::vector<Curve>& curves) {
  Plot plot{title, "steps", "loss", {}, std::numeric_limits<double>::quiet_NaN()};
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const Curve& curve : curves) {
    PlotLine line{curve.name, {}, {}};
    for (const CurvePoint& point : curve.points) {
      line.x.push_back(static_cast<double>(point.step));
      line.y.push_back(point.value);
      if (!std::isfinite(point.value)) continue;
      least = std::min(least, point.value);
      most = std::max(most, point.value);
    }
    plot.lines.push_back(std::move(line));
  }
  plot.log_y = least > 0 && most > 20 * least;
  return write_file(path, plot.svg());
}

}  // namespace linnet::runtime::train
