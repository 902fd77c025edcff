// A file without a name, for libraries that write to a path only.
#pragma once

#include "support/check.h"

#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace linnet::codegen {

class MemoryFile {
public:
  explicit MemoryFile(const char* what) : file_(memfd_create(what, 0)) {
    LINNET_CHECK(file_ >= 0, "memfd_create failed");
  }
  ~MemoryFile() { close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }
  [[nodiscard]] std::string read() const {
    std::string bytes(static_cast<size_t>(lseek(file_, 0, SEEK_END)), '\0');
    const ssize_t got = pread(file_, bytes.data(), bytes.size(), 0);
    LINNET_CHECK(got == static_cast<ssize_t>(bytes.size()), "a file in memory cannot be read back");
    return bytes;
  }

private:
  int file_;
};

}  // namespace linnet::codegen
