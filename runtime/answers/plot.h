// A line plot as SVG.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace linnet::runtime {

// About `count` round numbers, steps of 1, 2 or 5 times a power of ten, from low to high.
[[nodiscard]] std::vector<double> round_ticks(double low, double high, int count);
// 1, 2 and 5 times powers of ten from low > 0 to high; powers alone where these are many.
[[nodiscard]] std::vector<double> log_ticks(double low, double high);

// The begin of a drawing: white, with a title for readers of screens; and a text in it. `more`:
// further attributes.
[[nodiscard]] std::string svg_begin(double width, double height, const std::string& title);
[[nodiscard]] std::string svg_text(double x, double y, const char* anchor, const std::string& words,
                                   const std::string& more = "");

struct PlotLine {
  std::string name;
  std::vector<double> x, y;  // a y that is not finite breaks the line
  bool points = false;       // dots instead of a line
  bool dashed = false;
};

// Lines over one pair of axes, the vertical one logarithmic on wish (all y above 0). `shade_from`:
// what lies right of it is shaded (a forecast), NaN for none. The legend stands under the title,
// outside of the data.
struct Plot {
  std::string title, x_label, y_label;
  std::vector<PlotLine> lines;
  double shade_from;
  bool log_y = false;

  [[nodiscard]] std::string svg() const;
};

}  // namespace linnet::runtime
