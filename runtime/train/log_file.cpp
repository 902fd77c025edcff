// Appends to a file by write(2).
#include "runtime/train/log_file.h"

#include "base/io/file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace linnet::runtime::train {

Result<LogFile> LogFile::open(const std::string& path, std::string_view kept) {
  LINNET_TRY(write_file(path, kept));
  LogFile log;
  log.path_ = path;
  log.file_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log.file_ < 0) return fail_machine("%s: %s", path.c_str(), std::strerror(errno));
  return log;
}

LogFile::LogFile(LogFile&& other) noexcept {
  *this = std::move(other);
}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(pending_, other.pending_);
  std::swap(file_, other.file_);
  return *this;
}

LogFile::~LogFile() {
  if (file_ >= 0) close(file_);
}

Result<void> LogFile::flush() {
  size_t done = 0;
  while (file_ >= 0 && done < pending_.size()) {
    const ssize_t written = ::write(file_, pending_.data() + done, pending_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_machine("%s: %s", path_.c_str(), std::strerror(errno));
    done += static_cast<size_t>(written);
  }
  pending_.clear();
  return {};
}

}  // namespace linnet::runtime::train
