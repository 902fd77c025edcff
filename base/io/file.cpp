// Files by the system's calls: a write goes to a neighbour first and is renamed when whole.
#include "base/io/file.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace linnet {

namespace {

constexpr size_t kChunk = size_t{1} << 20;

// Where a write to `path` ends: links followed, the last one even if it dangles.
std::string resolved(std::string path) {
  for (int depth = 0; depth < 40; ++depth) {
    char target[PATH_MAX];
    const ssize_t length = readlink(path.c_str(), target, sizeof target);
    if (length <= 0 || length == ssize_t{sizeof target}) return path;
    const std::string text(target, static_cast<size_t>(length));
    path = text[0] == '/' ? text : folder_of(path) + "/" + text;
  }
  return path;
}

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path, int64_t most) {
  if (path.find('\0') != std::string::npos) return fail("a file name may not hold a NUL");
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail("%s: %s", path.c_str(), strerror(errno));
  struct Closer {
    int file;
    ~Closer() { close(file); }
  } closer{file};
  struct stat status{};
  if (fstat(file, &status) != 0) return fail("%s: %s", path.c_str(), strerror(errno));
  if (S_ISDIR(status.st_mode)) return fail("%s: is a folder", path.c_str());
  auto too_long = [&] {
    return fail("%s: longer than %lld bytes", path.c_str(), static_cast<long long>(most));
  };
  const bool regular = S_ISREG(status.st_mode);
  if (regular && status.st_size > most) return too_long();
  std::vector<uint8_t> bytes;
  // One byte more than the size, so that the end is seen without growing.
  bytes.resize(regular ? static_cast<size_t>(status.st_size) + 1 : kChunk);
  size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = read(file, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("%s: %s", path.c_str(), strerror(errno));
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (static_cast<int64_t>(used) > most) return too_long();
  }
  bytes.resize(used);
  return bytes;
}

bool is_file_name(std::string_view name) {
  constexpr size_t kMostBytes = 200;  // of the 255 a file's name may have
  return !name.empty() && name.size() <= kMostBytes && name.front() != '.' && name.front() != '@' &&
         std::ranges::all_of(name, [](unsigned char c) {
           return std::isalnum(c) || c == '_' || c == '-' || c == '.';
         });
}

std::string file_name_of(const std::string& name, size_t position) {
  return is_file_name(name) ? name : "@" + std::to_string(position);
}

bool file_exists(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  DIR* folder = opendir(path.c_str());
  if (folder == nullptr) return fail("%s: %s", path.c_str(), strerror(errno));
  std::vector<std::string> names;
  while (const dirent* entry = readdir(folder)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

Result<AtomicFile> AtomicFile::create(const std::string& path, unsigned mode) {
  if (path.empty()) return fail("the name of the file to write is empty");
  if (path.find('\0') != std::string::npos) return fail("a file name may not hold a NUL");
  AtomicFile result;
  result.path_ = resolved(path);
  struct stat status{};
  const bool there = stat(result.path_.c_str(), &status) == 0;
  if (there && S_ISDIR(status.st_mode))
    return fail_machine("%s: is a folder; the file needs another name", path.c_str());
  if (there && !S_ISREG(status.st_mode)) {
    result.file_ = open(result.path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (result.file_ < 0) return fail_machine("%s: %s", path.c_str(), strerror(errno));
    return result;
  }
  for (int attempt = 0; attempt < 1000; ++attempt) {
    result.temporary_ = format("%s/.linnet-%ld-%d.tmp", folder_of(result.path_).c_str(),
                               static_cast<long>(getpid()), attempt);
    result.file_ = open(result.temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (result.file_ >= 0) return result;
    if (errno != EEXIST) break;
  }
  const int why = errno;
  result.temporary_.clear();  // not ours: the destructor must leave it
  return fail_machine("%s: cannot be written: %s", path.c_str(), strerror(why));
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), file_(other.file_) {
  other.file_ = -1;
  other.temporary_.clear();
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) close(file_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Result<void> AtomicFile::write(std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), std::min(bytes.size(), kChunk * 64));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_machine("%s: %s", path_.c_str(), strerror(errno));
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Result<void> AtomicFile::write(std::string_view bytes) {
  return write(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

Result<void> AtomicFile::commit() {
  const int file = std::exchange(file_, -1);
  if (temporary_.empty()) {
    if (close(file) != 0) return fail_machine("%s: %s", path_.c_str(), strerror(errno));
    return {};
  }
  const bool synced = fsync(file) == 0;
  const int why = errno;
  if (close(file) != 0 || !synced)
    return fail_machine("%s: %s", path_.c_str(), strerror(synced ? errno : why));
  if (rename(temporary_.c_str(), path_.c_str()) != 0)
    return fail_machine("%s: %s", path_.c_str(), strerror(errno));
  temporary_.clear();
  // The rename itself lasts only once the folder is on disk; some file systems refuse to sync
  // folders, which is no reason to fail: the file is there.
  const int folder = open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return {};
}

Result<void> write_file(const std::string& path, std::span<const uint8_t> bytes, unsigned mode) {
  Result<AtomicFile> file = AtomicFile::create(path, mode);
  LINNET_TRY(file);
  LINNET_TRY(file->write(bytes));
  return file->commit();
}

Result<void> write_file(const std::string& path, std::string_view bytes, unsigned mode) {
  return write_file(path, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()),
                    mode);
}

}  // namespace linnet
