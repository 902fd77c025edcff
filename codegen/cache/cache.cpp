// A folder of files named by their keys, opened once and used relative to its descriptor.
#include "codegen/cache/cache.h"

#include "codegen/cache/hash.h"
#include "codegen/emit/builds.h"
#include "passes/lib/kernel_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace linnet::codegen {
namespace {

// An entry: this line, the hash of all behind it, the key, the bytes.
constexpr std::string_view kMagic = "linnet cache 1\n";
constexpr size_t kHash = 64;
constexpr int64_t kMostBytes = int64_t{1} << 30;
// A temporary file this old was left by a process that is no more.
constexpr int64_t kAbandonedSeconds = 3600;

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// The bytes of a regular file; a link or a pipe at its place is neither followed nor waited for.
std::optional<std::string> read_entry(int directory, const std::string& name, bool own) {
  const int file = openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat status{};
  const bool good = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_size <= kMostBytes && (!own || status.st_uid == geteuid());
  std::string bytes;
  if (good) bytes.resize(static_cast<size_t>(status.st_size));
  size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t got = read(file, bytes.data() + have, bytes.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  // Its time is that of its last use; who may not set it leaves it.
  if (good) (void)futimens(file, nullptr);
  close(file);
  if (!good || have != bytes.size()) return std::nullopt;
  return bytes;
}

// A file of its own in the folder; -1 and errno if there can be none.
int create_temporary(int directory, bool own, std::string& name) {
  for (int attempt = 0;; ++attempt) {
    name = fmt::format(".{}-{}.tmp", getpid(), attempt);
    const int file =
        openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               own ? 0600 : 0666);
    if (file >= 0 || errno != EEXIST || attempt == 1000) return file;
  }
}

bool is_key(std::string_view name) {
  return name.size() == kHash && name.find_first_not_of("0123456789abcdef") == name.npos;
}

struct EntryFile {
  std::string name;
  int64_t bytes = 0;
  timespec used{};
};

// All entries; temporary files that were left behind go.
std::vector<EntryFile> list_entries(int directory) {
  std::vector<EntryFile> entries;
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* list = copy < 0 ? nullptr : fdopendir(copy);
  if (!list) return entries;
  while (const dirent* entry = readdir(list)) {
    const std::string name = entry->d_name;
    struct stat status{};
    if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode))
      continue;
    if (is_key(name)) {
      entries.push_back({name, status.st_size, status.st_mtim});
    } else if (name.starts_with('.') && name.ends_with(".tmp") &&
               status.st_mtim.tv_sec + kAbandonedSeconds < std::time(nullptr)) {
      unlinkat(directory, name.c_str(), 0);
    }
  }
  closedir(list);
  return entries;
}

// The same for all that is compiled by these builds for this target.
std::string circumstances(const Target& target) {
  const passes::TargetInfo& info = target.info;
  const TargetRecord& record = target.record;
  return fmt::format(
      "{}target {} cpu {} features {} Halide {} tune {} vectors {}x{} fma {} {} l1 {} "
      "l2 {}\n",
      builds(), record.triple, record.cpu, record.features, record.halide, target.tune,
      info.vector_registers, info.vector_bytes, info.fma, target.exact_fma, info.l1_bytes,
      info.l2_bytes);
}

}  // namespace

Cache::Cache(Cache&& other) noexcept
    : folder_(std::move(other.folder_)), directory_(std::exchange(other.directory_, -1)),
      own_(other.own_), stored_(std::exchange(other.stored_, false)),
      trouble_(std::move(other.trouble_)) {}

Cache& Cache::operator=(Cache&& other) noexcept {
  std::swap(folder_, other.folder_);
  std::swap(directory_, other.directory_);
  std::swap(own_, other.own_);
  std::swap(stored_, other.stored_);
  std::swap(trouble_, other.trouble_);
  return *this;
}

Cache::~Cache() {
  if (directory_ < 0) return;
  if (stored_) trim(limit());
  close(directory_);
}

Result<Cache, std::string> Cache::open(const std::string& folder) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return tl::unexpected(fmt::format("{}: cannot be made: {}", folder, std::strerror(errno)));
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) return Cache(folder, directory, false);
  if (errno == ENOTDIR) return tl::unexpected(folder + ": is not a folder");
  return tl::unexpected(fmt::format("{}: cannot be read: {}", folder, std::strerror(errno)));
}

std::string Cache::own_folder() {
  // Relative paths are to be ignored (XDG Base Directory Specification 0.8).
  for (const auto& [variable, folder] :
       {std::pair{"XDG_CACHE_HOME", "/linnet"}, std::pair{"HOME", "/.cache/linnet"}}) {
    const char* base = std::getenv(variable);
    if (base && *base == '/') return std::string(base) + folder;
  }
  return "";
}

int64_t Cache::limit() {
  const char* given = std::getenv("LINNET_CACHE_LIMIT");
  if (!given) return kDefaultLimit;
  const std::string_view text = given;
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, text.data() + text.size());
  const size_t shift = unit.empty() ? 0 : 10 * (1 + std::string_view("KMG").find(unit.front()));
  const bool good = code == std::errc() && number >= 0 && number < (int64_t{1} << 32) &&
                    unit.size() <= 1 && shift <= 30;
  return good ? number << shift : kDefaultLimit;
}

Result<Cache, std::string> Cache::open_own() {
  const std::string folder = own_folder();
  for (size_t at = folder.find('/', 1); !folder.empty(); at = folder.find('/', at + 1)) {
    (void)mkdir(folder.substr(0, at).c_str(), 0700);
    if (at == std::string::npos) break;
  }
  const int directory =
      folder.empty() ? -1 : ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0) {
    struct stat status{};
    const bool link = lstat(folder.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
    return tl::unexpected(link ? folder + ": is a link, which is not followed" : std::string());
  }
  Cache cache(folder, directory, true);
  struct stat status{};
  fstat(directory, &status);
  if (status.st_uid != geteuid()) return tl::unexpected(folder + ": belongs to another user");
  if ((status.st_mode & 022) != 0)
    return tl::unexpected(folder +
                          ": may be written by others, who would decide what code you run");
  if (faccessat(directory, ".", W_OK, AT_EACCESS) != 0) return tl::unexpected(std::string());
  return cache;
}

std::optional<std::string> Cache::find(const std::string& key) const {
  const auto bytes = read_entry(directory_, key, own_);
  if (!bytes) return std::nullopt;
  const std::string_view entry = *bytes;
  if (entry.size() < kMagic.size() + kHash || !entry.starts_with(kMagic)) return std::nullopt;
  const std::string_view content = entry.substr(kMagic.size() + kHash);
  if (entry.substr(kMagic.size(), kHash) != sha256(content)) return std::nullopt;
  if (!content.starts_with(key)) return std::nullopt;
  return std::string(content.substr(key.size()));
}

// Without fsync: an entry that a crash of the machine leaves empty is found out by its hash.
void Cache::store(const std::string& key, std::string_view bytes) {
  stored_ = true;
  const std::string content = key + std::string(bytes);
  std::string temporary;
  const int file = create_temporary(directory_, own_, temporary);
  const bool written = file >= 0 && write_all(file, kMagic) && write_all(file, sha256(content)) &&
                       write_all(file, content);
  int why = errno;
  if (file >= 0) {
    const bool closed = close(file) == 0;
    if (written && closed && renameat(directory_, temporary.c_str(), directory_, key.c_str()) == 0)
      return;
    if (written) why = errno;
    unlinkat(directory_, temporary.c_str(), 0);
  }
  if (trouble_.empty())
    trouble_ = fmt::format("{}: cannot be written: {}", folder_, std::strerror(why));
}

void Cache::trim(int64_t bytes) {
  auto entries = list_entries(directory_);
  int64_t total = 0;
  for (const EntryFile& entry : entries)
    total += entry.bytes;
  if (total <= bytes) return;
  std::ranges::sort(entries, {}, [](const EntryFile& entry) {
    return std::tuple(entry.used.tv_sec, entry.used.tv_nsec, entry.name);
  });
  for (const EntryFile& entry : entries) {
    if (total <= bytes) break;
    unlinkat(directory_, entry.name.c_str(), 0);  // or another process did
    total -= entry.bytes;
  }
}

Cache::Contents Cache::contents() const {
  Contents contents;
  for (const EntryFile& entry : list_entries(directory_)) {
    ++contents.entries;
    contents.bytes += entry.bytes;
  }
  return contents;
}

std::string kernel_key(const ir::Graph& kernel, const Target& target) {
  return sha256(fmt::format("kernel {}{}", circumstances(target), passes::kernel_content(kernel)));
}

std::string object_key(std::string_view bitcode, const Target& target) {
  return sha256(fmt::format("object {}{}", circumstances(target), bitcode));
}

}  // namespace linnet::codegen
