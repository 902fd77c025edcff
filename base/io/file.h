// Whole files: read at once, written whole or not at all.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// The bytes of a file or pipe; an error if it is a folder or longer than `most` bytes.
[[nodiscard]] Result<std::vector<uint8_t>> read_file(const std::string& path,
                                                     int64_t most = int64_t{1} << 36);

// Letters, digits, '_', '-' and '.', not too many, and no more: what a model calls its output may
// be anything, a path to elsewhere too.
[[nodiscard]] bool is_file_name(std::string_view name);
// `name` if it is one, else "@3" by position.
[[nodiscard]] std::string file_name_of(const std::string& name, size_t position);
[[nodiscard]] bool file_exists(const std::string& path);
[[nodiscard]] bool is_folder(const std::string& path);
// Names in a folder, sorted by bytes, without "." and "..".
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path);

// A file that appears whole or not at all: bytes go into a temporary file in the same folder;
// commit() makes them durable and renames. Without commit the temporary file is removed, and
// what was there before stays. A path that names a device or pipe (/dev/stdout) is written
// directly; a symbolic link is followed.
class AtomicFile {
public:
  // `mode` as for open(2), before the umask: 0666, or 0777 for an executable.
  [[nodiscard]] static Result<AtomicFile> create(const std::string& path, unsigned mode = 0666);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  [[nodiscard]] Result<void> write(std::span<const uint8_t> bytes);
  [[nodiscard]] Result<void> write(std::string_view bytes);
  [[nodiscard]] Result<void> commit();

private:
  AtomicFile() = default;
  std::string path_;       // where it will appear, links resolved
  std::string temporary_;  // empty: written directly
  int file_ = -1;
};

[[nodiscard]] Result<void> write_file(const std::string& path, std::span<const uint8_t> bytes,
                                      unsigned mode = 0666);
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes,
                                      unsigned mode = 0666);

}  // namespace linnet
