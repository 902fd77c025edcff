#include "codegen/cache.h"

#include "codegen/builds.h"
#include "codegen/hash.h"
#include "passes/kernel_names.h"
#include "runtime/io/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace linnet::codegen {
namespace {

// An entry: this line, the hash of all behind it, the key, the bytes.
constexpr std::string_view kMagic = "linnet cache 1\n";
constexpr size_t kHash = 64;
constexpr int64_t kMostBytes = int64_t{1} << 30;

std::string entry_path(const std::string& folder, const std::string& key) {
  return folder + "/" + key;
}

// A link or a pipe at an entry's place is not ours: neither followed nor waited for.
bool is_file(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// A file of its own in the folder; -1 and errno if there can be none.
int create_temporary(const std::string& folder, std::string& path) {
  for (int attempt = 0;; ++attempt) {
    path = fmt::format("{}/.{}-{}.tmp", folder, getpid(), attempt);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0 || errno != EEXIST || attempt == 1000) return file;
  }
}

// The same for all that is compiled by these builds for this target.
std::string circumstances(const Target& target) {
  const passes::TargetInfo& info = target.info;
  return fmt::format("{}level {} cpu {} tune {} vectors {}x{} fma {} l1 {} l2 {}\n", builds(),
                     target.level, target.cpu, target.tune, info.vector_registers,
                     info.vector_bytes, info.fma, info.l1_bytes, info.l2_bytes);
}

}  // namespace

tl::expected<Cache, std::string> Cache::open(const std::string& folder) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return tl::unexpected(fmt::format("{}: cannot be made: {}", folder, std::strerror(errno)));
  if (!runtime::is_folder(folder)) return tl::unexpected(folder + ": is not a folder");
  return Cache(folder);
}

std::optional<std::string> Cache::find(const std::string& key) const {
  const std::string path = entry_path(folder_, key);
  if (!is_file(path)) return std::nullopt;
  const auto bytes = runtime::read_file(path, kMostBytes);
  if (!bytes) return std::nullopt;
  const std::string_view entry(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (entry.size() < kMagic.size() + kHash || !entry.starts_with(kMagic)) return std::nullopt;
  const std::string_view content = entry.substr(kMagic.size() + kHash);
  if (entry.substr(kMagic.size(), kHash) != sha256(content)) return std::nullopt;
  if (!content.starts_with(key)) return std::nullopt;
  return std::string(content.substr(key.size()));
}

// Without fsync: an entry that a crash of the machine leaves empty is found out by its hash.
void Cache::store(const std::string& key, std::string_view bytes) {
  const std::string content = key + std::string(bytes);
  std::string temporary;
  const int file = create_temporary(folder_, temporary);
  const bool written = file >= 0 && write_all(file, kMagic) && write_all(file, sha256(content)) &&
                       write_all(file, content);
  int why = errno;
  if (file >= 0) {
    const bool closed = close(file) == 0;
    if (written && closed && rename(temporary.c_str(), entry_path(folder_, key).c_str()) == 0)
      return;
    if (written) why = errno;
    unlink(temporary.c_str());
  }
  if (trouble_.empty())
    trouble_ = fmt::format("{}: cannot be written: {}", folder_, std::strerror(why));
}

std::string kernel_key(const ir::Graph& kernel, const Target& target) {
  return sha256(fmt::format("kernel {}{}", circumstances(target), passes::kernel_content(kernel)));
}

std::string object_key(std::string_view bitcode, const Target& target) {
  return sha256(fmt::format("object {}{}", circumstances(target), bitcode));
}

}  // namespace linnet::codegen
