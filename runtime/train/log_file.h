// A file that grows while a model is trained.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace linnet::runtime::train {

// Records are collected and appended whole by flush(), so that others may read along. What a killed
// run leaves ends with a whole record, or with a part of one that a resumed run drops.
class LogFile {
public:
  LogFile() = default;
  // Begins the file with `kept`.
  [[nodiscard]] static Result<LogFile> open(const std::string& path, std::string_view kept);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  [[nodiscard]] bool is_open() const { return file_ >= 0; }
  void add(std::string_view record) { pending_ += record; }
  [[nodiscard]] Result<void> flush();

private:
  std::string path_, pending_;
  int file_ = -1;
};

}  // namespace linnet::runtime::train
