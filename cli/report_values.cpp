// Writes down what the numbers of a value are like: statistics, a picture, lines.
#include "cli/report_values.h"

#include "driver/reference.h"
#include "ir/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kSide = 56;      // of a picture, at most
constexpr int64_t kSmallest = 4;   // a smaller one shows nothing
constexpr int64_t kChannels = 16;  // of a picture, at most
constexpr int64_t kPoints = 256;   // of a line, at most
constexpr int64_t kLines = 8;      // of a series, at most
constexpr size_t kBins = 24;       // of a histogram

std::vector<double> doubles(const Tensor& tensor) {
  const auto array = ir::to_array<double>(driver::to_ir(tensor));
  if (array.holds_floats()) return array.values;
  return {array.ints.begin(), array.ints.end()};
}

std::string base64(const std::vector<uint8_t>& bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t word = 0;
    for (size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? bytes[i + k] : 0U);
    for (size_t k = 0; k < 4; ++k)
      text += i + k > bytes.size() ? '=' : kDigits[word >> (18 - 6 * k) & 63U];
  }
  return text;
}

void add_statistics(const std::vector<double>& values, Json& json) {
  const ValueStatistics of = statistics_of(values);
  std::array<int64_t, kBins> bins{};
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    const double at = of.most > of.least ? (value - of.least) / (of.most - of.least) * kBins : 0;
    ++bins[std::min(static_cast<size_t>(at), kBins - 1)];
  }
  const auto known = [&](double value) { return of.finite > 0 ? finite(value) : Json(); };
  json["min"] = known(of.least);
  json["max"] = known(of.most);
  json["mean"] = known(of.mean);
  json["deviation"] = known(of.deviation);
  json["zeros"] = of.zeros;
  json["nans"] = of.nans;
  json["infinities"] = of.infinities;
  json["count"] = values.size();
  json["histogram"] = bins;
}

// Of a value [N, C, H, W] the first sample's channels, every step-th pixel of them.
bool add_picture(const std::vector<double>& values, const ir::Shape& shape, Json& json) {
  if (shape.size() != 4 || shape[2] < kSmallest || shape[3] < kSmallest) return false;
  const int64_t channels = std::min(shape[1], kChannels);
  const int64_t step = std::max<int64_t>((std::max(shape[2], shape[3]) + kSide - 1) / kSide, 1);
  const int64_t height = (shape[2] + step - 1) / step, width = (shape[3] + step - 1) / step;
  std::vector<double> shown;
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t y = 0; y < shape[2]; y += step) {
      for (int64_t x = 0; x < shape[3]; x += step)
        shown.push_back(values[static_cast<size_t>((c * shape[2] + y) * shape[3] + x)]);
    }
  }
  const ValueStatistics of = statistics_of(shown);
  if (of.finite == 0) return false;
  const double low = of.least, high = of.most;
  std::vector<uint8_t> bytes;
  for (const double value : shown) {
    const double part = high > low && !std::isnan(value) ? (value - low) / (high - low) : 0;
    bytes.push_back(static_cast<uint8_t>(std::lround(255 * std::clamp(part, 0.0, 1.0))));
  }
  json["picture"] = {{"height", height}, {"width", width}, {"channels", channels},
                     {"low", low},       {"high", high},   {"data", base64(bytes)}};
  return true;
}

Json line_of(const std::vector<double>& values) {
  Json line = Json::array();
  for (const double value : values)
    line.push_back(finite(value));
  return line;
}

// The first elements of a value, each over the steps.
Json over_steps(const std::vector<std::vector<double>>& steps) {
  Json names = Json::array(), lines = Json::array();
  for (size_t i = 0; i < std::min<size_t>(steps[0].size(), kLines); ++i) {
    std::vector<double> line;
    for (size_t step = 0; step < std::min<size_t>(steps.size(), kPoints); ++step)
      line.push_back(steps[step][i]);
    names.push_back(fmt::format("[{}]", i));
    lines.push_back(line_of(line));
  }
  return {{"names", std::move(names)}, {"values", std::move(lines)}};
}

// The first rows along the last dimension; of a value that has none, nothing.
Json over_rows(const std::vector<double>& values, const ir::Shape& shape) {
  const int64_t width = shape.empty() ? 1 : shape.back();
  if (width < 2 || shape.size() > 3) return {};
  Json names = Json::array(), lines = Json::array();
  const auto rows = std::min<int64_t>(static_cast<int64_t>(values.size()) / width, kLines);
  for (int64_t row = 0; row < rows; ++row) {
    const auto first = values.begin() + row * width;
    names.push_back(fmt::format("row {}", row));
    lines.push_back(line_of({first, first + std::min(width, kPoints)}));
  }
  return {{"names", std::move(names)}, {"values", std::move(lines)}};
}

}  // namespace

ValueStatistics statistics_of(std::span<const double> values) {
  ValueStatistics of;
  double sum = 0;
  for (const double value : values) {
    of.nans += std::isnan(value) ? 1 : 0;
    of.infinities += std::isinf(value) ? 1 : 0;
    of.zeros += value == 0 ? 1 : 0;
    if (!std::isfinite(value)) continue;
    of.least = of.finite == 0 ? value : std::min(of.least, value);
    of.most = of.finite == 0 ? value : std::max(of.most, value);
    sum += value;
    ++of.finite;
  }
  if (of.finite == 0) return of;
  of.mean = sum / static_cast<double>(of.finite);
  double squares = 0;
  for (const double value : values)
    squares += std::isfinite(value) ? (value - of.mean) * (value - of.mean) : 0;
  of.deviation = std::sqrt(squares / static_cast<double>(of.finite));
  return of;
}

Json finite(double value) {
  return std::isfinite(value) ? Json(value) : Json();
}

void add_values(Json& json, std::span<const Tensor> samples, const ir::Shape& shape,
                bool are_steps) {
  std::vector<std::vector<double>> parts;
  std::vector<double> all;
  for (const Tensor& sample : samples) {
    parts.push_back(doubles(sample));
    all.insert(all.end(), parts.back().begin(), parts.back().end());
  }
  add_statistics(all, json);
  if (all.empty() || add_picture(parts.front(), shape, json)) return;
  Json series = are_steps && parts.size() > 1 ? over_steps(parts) : over_rows(parts.front(), shape);
  if (!series.is_null()) json["series"] = std::move(series);
}

}  // namespace linnet::cli
