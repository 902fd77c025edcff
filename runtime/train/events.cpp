// Protobuf messages by hand: there are five fields of Event, and eight of HistogramProto.
#include "runtime/train/events.h"

#include "base/io/file.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <sys/stat.h>
#include <vector>

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

std::string field_double(int number, double value) {
  return varint(static_cast<uint64_t>(number) << 3 | 1) + raw(value);
}
std::string packed(int number, const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values)
    bytes += raw(value);
  return field_bytes(number, bytes);
}

// tensorflow.Event: 1 wall_time, 2 step, 3 file_version, 5 summary { 1 value { 1 tag, 2 float,
// 5 histogram } }.
std::string event(double time, int64_t step, const std::string& rest) {
  return record(field_double(1, time) + varint(2 << 3) + varint(static_cast<uint64_t>(step)) +
                rest);
}

// The version, with which a file begins.
std::string head() {
  return event(0, 0, field_bytes(3, "brain.Event:2"));
}

template <class T> T read_raw(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Records of the steps up to `most`, from the file's own first one on; they end with the first that
// is not whole.
std::string kept_records(const std::vector<uint8_t>& bytes, int64_t most) {
  constexpr size_t kFrame = 16, kStep = 10;  // lengths and checksums; where `step` begins
  std::string kept;
  for (size_t at = 0; bytes.size() - at >= kFrame;) {
    const auto length = read_raw<uint64_t>(bytes.data() + at);
    if (length > bytes.size() - at - kFrame) break;
    const std::string data(reinterpret_cast<const char*>(bytes.data()) + at + 12, length);
    const std::string whole(reinterpret_cast<const char*>(bytes.data()) + at, length + kFrame);
    if (whole != record(data)) break;
    int64_t step = 0;
    for (size_t i = kStep, shift = 0; i < data.size() && shift < 63; ++i, shift += 7) {
      const auto byte = static_cast<unsigned char>(data[i]);
      step |= int64_t{byte & 127} << shift;
      if (byte < 128) break;
    }
    if (step > 0 && step <= most) kept += whole;
    at += whole.size();
  }
  return kept;
}

double clock_seconds() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

Result<EventFile> EventFile::open(const std::string& folder, int64_t kept, bool wall_time) {
  mkdir(folder.c_str(), 0777);
  if (!is_folder(folder)) return fail_machine("%s: cannot be made", folder.c_str());
  const std::string path = folder + "/events.out.tfevents.0.linnet";
  std::string text = head();
  if (kept > 0 && file_exists(path)) {
    auto bytes = read_file(path);
    LINNET_TRY(bytes);
    text += kept_records(*bytes, kept);
  }
  auto log = LogFile::open(path, text);
  LINNET_TRY(log);
  EventFile file;
  file.log_ = std::move(*log);
  file.wall_time_ = wall_time;
  return file;
}

void EventFile::add(int64_t step, const std::string& value) {
  const double time = wall_time_ ? clock_seconds() : static_cast<double>(step);
  log_.add(event(time, step, field_bytes(5, field_bytes(1, value))));
}

void EventFile::scalar(int64_t step, const std::string& tag, double value) {
  add(step, field_bytes(1, tag) + varint(2 << 3 | 5) + raw(static_cast<float>(value)));
}

// HistogramProto: 1 min, 2 max, 3 num, 4 sum, 5 sum_squares, 6 bucket_limit, 7 bucket. An empty
// bucket that ends at the least value says where the first one begins.
void EventFile::histogram(int64_t step, const std::string& tag, std::span<const double> values) {
  if (values.empty()) return;
  const auto [least, most] = std::ranges::minmax(values);
  const size_t buckets = least < most ? 30 : 1;
  const double width = least < most ? (most - least) / static_cast<double>(buckets)
                                    : std::max(std::abs(least), 1.0) * 1e-3;
  std::vector<double> limits{least}, counts(buckets + 1, 0);
  for (size_t i = 1; i <= buckets; ++i)
    limits.push_back(i == buckets && least < most ? most : least + width * static_cast<double>(i));
  double sum = 0, squares = 0;
  for (const double value : values) {
    const auto at = static_cast<size_t>(std::max((value - least) / width, 0.0));
    counts[std::min(at, buckets - 1) + 1] += 1;
    sum += value;
    squares += value * value;
  }
  add(step,
      field_bytes(1, tag) + field_bytes(5, field_double(1, least) + field_double(2, most) +
                                               field_double(3, static_cast<double>(values.size())) +
                                               field_double(4, sum) + field_double(5, squares) +
                                               packed(6, limits) + packed(7, counts)));
}

}  // namespace linnet::runtime::train
