#include "runtime/train/curve.h"

#include "runtime/io/file.h"
#include "runtime/plot.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sys/stat.h>
#include <utility>

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
