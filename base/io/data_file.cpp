// Files by pread, and whether they are still what they were.
#include "base/io/data_file.h"

#include "base/io/file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace linnet {

Result<DataFile> DataFile::open(const std::string& path) {
  if (path.find('\0') != std::string::npos) return fail("a file name may not hold a NUL");
  DataFile result(path);
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return fail("%s: %s", path.c_str(), strerror(errno));
  if (!S_ISREG(status.st_mode)) {
    LINNET_TRY_ASSIGN(result.bytes_, read_file(path));
    result.size_ = static_cast<int64_t>(result.bytes_.size());
    return result;
  }
  result.file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (result.file_ < 0 || fstat(result.file_, &status) != 0)
    return fail("%s: %s", path.c_str(), strerror(errno));
  result.size_ = status.st_size;
  result.seconds_ = status.st_mtim.tv_sec;
  result.nanoseconds_ = status.st_mtim.tv_nsec;
  return result;
}

DataFile::DataFile(DataFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)), size_(other.size_),
      seconds_(other.seconds_), nanoseconds_(other.nanoseconds_), bytes_(std::move(other.bytes_)) {}

DataFile::~DataFile() {
  if (file_ >= 0) close(file_);
}

Result<void> DataFile::read(int64_t at, std::span<uint8_t> to) const {
  if (file_ < 0) {
    if (at < 0 || at > size_ || static_cast<int64_t>(to.size()) > size_ - at)
      return fail("%s: ends after %lld bytes", path_.c_str(), static_cast<long long>(size_));
    if (!to.empty()) std::memcpy(to.data(), bytes_.data() + at, to.size());
    return {};
  }
  while (!to.empty()) {
    const ssize_t got = pread(file_, to.data(), to.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_machine("%s: %s", path_.c_str(), strerror(errno));
    if (got == 0) {
      LINNET_TRY(check_unchanged());
      return fail("%s: ends after %lld bytes", path_.c_str(), static_cast<long long>(at));
    }
    to = to.subspan(static_cast<size_t>(got));
    at += got;
  }
  return {};
}

Result<std::vector<uint8_t>> DataFile::head(int64_t most) const {
  std::vector<uint8_t> bytes(static_cast<size_t>(std::min(size_, most)));
  LINNET_TRY(read(0, bytes));
  return bytes;
}

Result<void> DataFile::check_unchanged() const {
  if (file_ < 0) return {};
  struct stat status{};
  if (fstat(file_, &status) != 0) return fail_machine("%s: %s", path_.c_str(), strerror(errno));
  constexpr const char* kAgain = "begin again, or go on by --resume if it is as it was";
  if (status.st_size != size_)
    return fail("%s: was changed while it was in use: it had %lld bytes and has %lld; %s",
                path_.c_str(), static_cast<long long>(size_),
                static_cast<long long>(status.st_size), kAgain);
  if (status.st_mtim.tv_sec != seconds_ || status.st_mtim.tv_nsec != nanoseconds_)
    return fail("%s: was written to while it was in use; %s", path_.c_str(), kAgain);
  return {};
}

void DataFile::expect(int64_t at, int64_t bytes) const {
  if (file_ >= 0) posix_fadvise(file_, at, bytes, POSIX_FADV_WILLNEED);
}

}  // namespace linnet
