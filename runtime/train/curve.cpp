#include "runtime/train/curve.h"

#include "runtime/io/file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <sys/stat.h>

namespace linnet::runtime::train {
namespace {

// CRC-32C (Castagnoli), as TFRecord masks it.
uint32_t masked_crc(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
  }
  crc = ~crc;
  return (crc >> 15 | crc << 17) + 0xA282EAD8;
}

template <class T> std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7)
    bytes += static_cast<char>((value & 127) | 128);
  return bytes + static_cast<char>(value);
}
// Fields of protobuf messages: number and wire type, then the value.
std::string field_bytes(int number, const std::string& value) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(value.size()) + value;
}

std::string record(const std::string& data) {
  const std::string length = raw(static_cast<uint64_t>(data.size()));
  return length + raw(masked_crc(length)) + data + raw(masked_crc(data));
}

// tensorflow.Event: 1 wall_time, 2 step, 3 file_version, 5 summary { 1 value { 1 tag, 2 float } }.
std::string event(int64_t step, const std::string& rest) {
  return varint(1 << 3 | 1) + raw(static_cast<double>(step)) + varint(2 << 3) +
         varint(static_cast<uint64_t>(step)) + rest;
}

// ---- SVG

constexpr double kLeft = 70, kTop = 40, kRight = 620, kBottom = 340;
constexpr std::array<const char*, 4> kColours = {"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"};

// About five round numbers from low to high.
std::vector<double> ticks(double low, double high) {
  const double raw_step = (high - low) / 5;
  const double power = std::pow(10, std::floor(std::log10(raw_step)));
  const double ratio = raw_step / power;
  const double step = power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10);
  std::vector<double> list;
  for (double t = std::ceil(low / step) * step; t <= high + step * 1e-9; t += step)
    list.push_back(std::fabs(t) < step * 1e-9 ? 0 : t);
  return list;
}

struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  [[nodiscard]] double at(double value) const { return logarithmic ? std::log10(value) : value; }
  [[nodiscard]] double part(double value) const { return (at(value) - low) / (high - low); }
};

}  // namespace

Result<void> write_events(const std::string& folder, const std::vector<Curve>& curves) {
  mkdir(folder.c_str(), 0777);
  if (!is_folder(folder)) return fail_machine("%s: cannot be made", folder.c_str());
  std::string bytes = record(event(0, field_bytes(3, "brain.Event:2")));
  for (const Curve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      const std::string number = varint(2 << 3 | 5) + raw(static_cast<float>(point.value));
      const std::string value = field_bytes(1, curve.name) + number;
      bytes += record(event(point.step, field_bytes(5, field_bytes(1, value))));
    }
  }
  return write_file(folder + "/events.out.tfevents.0.linnet", bytes);
}

Result<void> write_plot(const std::string& path, const std::string& title,
                        const std::vector<Curve>& curves) {
  Axis x, y;
  bool any = false, positive = true;
  double least = 0, most = 0, last = 1;
  for (const Curve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      if (!std::isfinite(point.value)) continue;
      least = any ? std::min(least, point.value) : point.value;
      most = any ? std::max(most, point.value) : point.value;
      last = std::max(last, static_cast<double>(point.step));
      positive = positive && point.value > 0;
      any = true;
    }
  }
  if (!any) least = 0, most = 1;
  x.high = last;
  y.logarithmic = positive && any && most > 20 * least;
  y.low = y.logarithmic ? std::log10(least) : std::min(least, 0.0);
  y.high = y.logarithmic ? std::log10(most) : most;
  if (y.high - y.low < 1e-12) y.high = y.low + 1;
  const auto px = [&](double v) { return kLeft + x.part(v) * (kRight - kLeft); };
  const auto py = [&](double part) { return kBottom - part * (kBottom - kTop); };
  std::string svg = format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='760' height='400' "
      "font-family='sans-serif' font-size='12'>\n<rect width='760' height='400' fill='white'/>\n"
      "<text x='%g' y='24' font-size='15'>%s</text>\n",
      kLeft, title.c_str());
  for (double tick : ticks(0, last))
    svg += format("<text x='%.1f' y='%.1f' text-anchor='middle'>%.6g</text>\n", px(tick),
                  kBottom + 18, tick);
  for (double tick : ticks(y.low, y.high)) {
    const double at = py((tick - y.low) / (y.high - y.low));
    svg +=
        format("<line x1='%g' x2='%g' y1='%.1f' y2='%.1f' stroke='#ddd'/>"
               "<text x='%g' y='%.1f' text-anchor='end'>%.3g</text>\n",
               kLeft, kRight, at, at, kLeft - 8, at + 4, y.logarithmic ? std::pow(10, tick) : tick);
  }
  svg += format("<path d='M%g %gV%gH%g' fill='none' stroke='black'/>\n<text x='%g' y='%g' "
                "text-anchor='middle'>steps</text>\n",
                kLeft, kTop, kBottom, kRight, (kLeft + kRight) / 2, kBottom + 40);
  for (size_t i = 0; i < curves.size(); ++i) {
    const char* colour = kColours[i % kColours.size()];
    std::string line;
    for (const CurvePoint& point : curves[i].points) {
      if (!std::isfinite(point.value)) continue;
      line += format("%s%.1f,%.1f", line.empty() ? "" : " ", px(static_cast<double>(point.step)),
                     py(y.part(point.value)));
    }
    const double at = kTop + 10 + 20 * static_cast<double>(i);
    svg += format("<polyline points='%s' fill='none' stroke='%s' stroke-width='1.5'/>\n"
                  "<line x1='632' x2='650' y1='%g' y2='%g' stroke='%s' stroke-width='3'/>"
                  "<text x='656' y='%g'>%s</text>\n",
                  line.c_str(), colour, at, at, colour, at + 4, curves[i].name.c_str());
  }
  return write_file(path, svg + "</svg>\n");
}

}  // namespace linnet::runtime::train
