// TensorBoard's event files: TFRecords of Event messages.
#pragma once

#include "base/result.h"
#include "runtime/train/log_file.h"

#include <cstdint>
#include <span>
#include <string>

namespace linnet::runtime::train {

class EventFile {
public:
  EventFile() = default;
  // FOLDER/events.out.tfevents.0.linnet; the folder is made. Events of the steps up to `kept` stay,
  // 0 for none. The format asks for wall times: they are the step numbers, so that equal runs write
  // equal files, unless `wall_time` says the clock's.
  [[nodiscard]] static Result<EventFile> open(const std::string& folder, int64_t kept,
                                              bool wall_time);
  [[nodiscard]] bool is_open() const { return log_.is_open(); }
  void scalar(int64_t step, const std::string& tag, double value);
  // 30 buckets of equal width from the least to the largest.
  void histogram(int64_t step, const std::string& tag, std::span<const double> values);
  [[nodiscard]] Result<void> flush() { return log_.flush(); }

private:
  void add(int64_t step, const std::string& value);

  LogFile log_;
  bool wall_time_ = false;
};

}  // namespace linnet::runtime::train
