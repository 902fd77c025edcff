// Files that are read part by part, since they may be larger than memory.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet {

// Reads by offset rather than by mapping: what was read is not counted as this process's memory,
// and a file that is cut off is an error with a message, where a mapping would end the process. A
// pipe is read whole when it is opened. All but open() and moving may be called by several threads.
class DataFile {
public:
  [[nodiscard]] static Result<DataFile> open(const std::string& path);
  DataFile(DataFile&& other) noexcept;
  DataFile& operator=(DataFile&&) = delete;
  ~DataFile();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int64_t size() const { return size_; }
  // As many bytes from `at` on as `to` has room for; fails if there are fewer.
  [[nodiscard]] Result<void> read(int64_t at, std::span<uint8_t> to) const;
  // The first bytes, at most so many.
  [[nodiscard]] Result<std::vector<uint8_t>> head(int64_t most) const;
  // Fails if the file was written to since it was opened: its size or its time is another.
  [[nodiscard]] Result<void> check_unchanged() const;
  // These bytes will be read soon: the system may begin to.
  void expect(int64_t at, int64_t bytes) const;

private:
  explicit DataFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
  int file_ = -1;
  int64_t size_ = 0;
  int64_t seconds_ = 0, nanoseconds_ = 0;  // when it was written last
  std::vector<uint8_t> bytes_;             // of a pipe
};

}  // namespace linnet
