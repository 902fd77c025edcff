// Draws lines, axes with round ticks and a legend as SVG text.
#include "runtime/answers/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace linnet::runtime {
namespace {

constexpr double kWidth = 860, kHeight = 440;
constexpr double kLeft = 72, kRight = 840, kTop = 76, kBottom = 384;
// Okabe and Ito's colours, which the colour-blind tell apart.
constexpr std::array<const char*, 5> kColours = {"#555555", "#0072b2", "#d55e00", "#009e73",
                                                 "#cc79a7"};

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

struct Range {
  double low = 0, high = 1;
  bool any = false;
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
  // Some room, and never an empty range.
  void widen(double part) {
    const double room = high > low ? (high - low) * part : std::max(std::fabs(high), 1.0) * 0.5;
    low -= room;
    high += room;
  }
};

class Drawing {
public:
  explicit Drawing(const Plot& plot) : plot_(plot) {
    for (const PlotLine& line : plot.lines) {
      for (size_t i = 0; i < line.x.size(); ++i) {
        if (!std::isfinite(line.y[i])) continue;
        x_.take(line.x[i]);
        y_.take(scaled(line.y[i]));
      }
    }
    if (x_.high <= x_.low) x_.widen(0);
    y_.widen(plot.log_y ? 0.02 : 0.05);
  }

  std::string svg() {
    text_ = svg_begin(kWidth, kHeight, plot_.title);
    if (std::isfinite(plot_.shade_from) && plot_.shade_from < x_.high) {
      const double from = across(std::max(plot_.shade_from, x_.low));
      text_ += format("<rect x=\"%.1f\" y=\"%g\" width=\"%.1f\" height=\"%g\" fill=\"#f2f2ec\"/>\n",
                      from, kTop, kRight - from, kBottom - kTop);
    }
    axes();
    for (size_t i = 0; i < plot_.lines.size(); ++i)
      line(plot_.lines[i], kColours[i % kColours.size()]);
    legend();
    label(kLeft, 28, "start", plot_.title, " font-size=\"17\" font-weight=\"600\"");
    label((kLeft + kRight) / 2, kHeight - 14, "middle", plot_.x_label);
    label(0, 0, "middle", plot_.y_label,
          format(" transform=\"translate(18 %g) rotate(-90)\"", (kTop + kBottom) / 2));
    return text_ + "</svg>\n";
  }

private:
  [[nodiscard]] double scaled(double y) const { return plot_.log_y ? std::log10(y) : y; }
  [[nodiscard]] double across(double x) const {
    return kLeft + (x - x_.low) / (x_.high - x_.low) * (kRight - kLeft);
  }
  [[nodiscard]] double up(double y) const {
    return kBottom - (scaled(y) - y_.low) / (y_.high - y_.low) * (kBottom - kTop);
  }
  void label(double x, double y, const char* anchor, const std::string& words,
             const std::string& more = "") {
    text_ += svg_text(x, y, anchor, words, more);
  }
  void axes() {
    for (double tick : plot_.log_y ? log_ticks(std::pow(10, y_.low), std::pow(10, y_.high))
                                   : round_ticks(y_.low, y_.high, 6)) {
      text_ += format("<path d=\"M%g %.1fH%g\" stroke=\"#ddd\" fill=\"none\"/>\n", kLeft, up(tick),
                      kRight);
      label(kLeft - 8, up(tick) + 4.5, "end", format("%g", tick));
    }
    for (double tick : round_ticks(x_.low, x_.high, 8)) {
      text_ +=
          format("<path d=\"M%.1f %gv5\" stroke=\"#444\" fill=\"none\"/>\n", across(tick), kBottom);
      label(across(tick), kBottom + 20, "middle", format("%g", tick));
    }
    text_ += format("<path d=\"M%g %gV%gH%g\" stroke=\"#444\" fill=\"none\"/>\n", kLeft, kTop,
                    kBottom, kRight);
  }
  void line(const PlotLine& line, const char* colour) {
    if (line.points) {
      for (size_t i = 0; i < line.x.size(); ++i) {
        if (std::isfinite(line.y[i]))
          text_ += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.4\" fill=\"%s\"/>\n",
                          across(line.x[i]), up(line.y[i]), colour);
      }
      return;
    }
    std::string path;
    bool pen = false;
    for (size_t i = 0; i < line.x.size(); ++i) {
      const bool here = std::isfinite(line.y[i]);
      if (here) path += format("%c%.1f %.1f", pen ? 'L' : 'M', across(line.x[i]), up(line.y[i]));
      pen = here;
    }
    if (path.empty()) return;
    text_ += format("<path d=\"%s\" stroke=\"%s\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
                    "fill=\"none\"%s/>\n",
                    path.c_str(), colour, line.dashed ? " stroke-dasharray=\"5 4\"" : "");
  }
  void legend() {
    double x = kLeft;
    for (size_t i = 0; i < plot_.lines.size(); ++i) {
      const PlotLine& line = plot_.lines[i];
      const char* colour = kColours[i % kColours.size()];
      if (line.points) {
        text_ += format("<circle cx=\"%.1f\" cy=\"50\" r=\"3\" fill=\"%s\"/>\n", x + 12, colour);
      } else {
        text_ += format("<path d=\"M%.1f 50h24\" stroke=\"%s\" stroke-width=\"2\"%s/>\n", x, colour,
                        line.dashed ? " stroke-dasharray=\"5 4\"" : "");
      }
      label(x + 30, 54.5, "start", line.name);
      x += 30 + 7.2 * static_cast<double>(line.name.size()) + 24;
    }
  }

  const Plot& plot_;
  Range x_, y_;
  std::string text_;
};

}  // namespace

std::string svg_begin(double width, double height, const std::string& title) {
  return format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
                "height=\"%g\" role=\"img\" font-family=\"Helvetica,Arial,sans-serif\" "
                "font-size=\"13\" fill=\"#222\">\n<title>%s</title>\n<rect width=\"%g\" "
                "height=\"%g\" fill=\"#fff\"/>\n",
                width, height, width, height, escaped(title).c_str(), width, height);
}

std::string svg_text(double x, double y, const char* anchor, const std::string& words,
                     const std::string& more) {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor,
                more.c_str(), escaped(words).c_str());
}

std::vector<double> round_ticks(double low, double high, int count) {
  const double wanted = (high - low) / count;
  if (!(wanted > 0) || !std::isfinite(wanted)) return {};
  const double power = std::pow(10, std::floor(std::log10(wanted)));
  const double ratio = wanted / power;
  const double step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
  std::vector<double> list;
  for (double i = std::ceil(low / step); i * step <= high + step * 1e-9; ++i)
    list.push_back(i * step + 0.0);  // no -0
  return list;
}

std::vector<double> log_ticks(double low, double high) {
  if (!(low > 0) || !std::isfinite(high)) return {};
  const bool wide = high > 1e4 * low;
  std::vector<double> list;
  for (double power = std::floor(std::log10(low)); power <= std::log10(high); ++power) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double tick = digit * std::pow(10, power);
      if (tick >= low && tick <= high && (digit == 1 || !wide)) list.push_back(tick);
    }
  }
  return list;
}

std::string Plot::svg() const {
  return Drawing(*this).svg();
}

}  // namespace linnet::runtime
