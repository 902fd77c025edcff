// Objects → archive, shared library, executable. Files appear whole or not at all.
#include "codegen/emit/compile.h"

#include "codegen/object/work_folder.h"

#include "base/io/file.h"
#include "base/text.h"
#include "support/check.h"

#include <fmt/format.h>

#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Support/MemoryBuffer.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
extern const char linnet_embedded_product_runtime_begin[];
extern const char linnet_embedded_product_runtime_end[];
extern const char linnet_embedded_product_pool_begin[];
extern const char linnet_embedded_product_pool_end[];
}
extern char** environ;

namespace linnet::codegen {
namespace {

std::span<const uint8_t> as_bytes(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

std::span<const uint8_t> embedded(const char* begin, const char* end) {
  return {reinterpret_cast<const uint8_t*>(begin), reinterpret_cast<const uint8_t*>(end)};
}
// base/pool.cpp for what is no executable; empty if the model starts no threads.
std::span<const uint8_t> pool(const Compiled& compiled) {
  if (compiled.thread_bytes == 0) return {};
  return embedded(linnet_embedded_product_pool_begin, linnet_embedded_product_pool_end);
}

Failure failure(const Error& error) {
  return {error.status, error.message, ""};
}
tl::unexpected<Failure> machine(std::string message, std::string remedy) {
  return tl::unexpected(Failure{Status::kMachine, std::move(message), std::move(remedy)});
}

// Runs `arguments[0]` with its output in `log`; its exit status, or −1 if it could not start.
int run(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int started = posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) return -1;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// Links the model's objects with `inputs`, which stand before the libraries.
Result<void, Failure> link(const Compiled& compiled, const std::string& path, bool executable) {
  WorkFolder folder;
  if (!folder.ok()) return machine(folder.path() + ": " + std::strerror(errno), "set TMPDIR");
  std::vector<std::string> command = {std::string(compiled.record.compiler), "-o",
                                      folder.file("product")};
  const auto add = [&](const std::string& name, std::span<const uint8_t> bytes) {
    command.push_back(folder.file(name));
    return write_file(command.back(), bytes).map_error(failure);
  };
  LINNET_TRY(add(compiled.name + ".o", as_bytes(compiled.object)));
  if (!compiled.constants.empty())
    LINNET_TRY(add(compiled.name + "_constants.o", as_bytes(compiled.constants)));
  if (executable) {
    LINNET_TRY(add("libruntime.a", embedded(linnet_embedded_product_runtime_begin,
                                            linnet_embedded_product_runtime_end)));
    command.emplace_back("-Wl,--gc-sections");
    if (compiled.link_static) {
      for (const char* flag : {"-static", "-lstdc++", "-lm"})
        command.emplace_back(flag);
    } else {
      for (const char* flag :
           {"-static-libgcc", "-Wl,-Bstatic", "-lstdc++", "-Wl,-Bdynamic", "-lm"})
        command.emplace_back(flag);
    }
  } else {
    if (const auto object = pool(compiled); !object.empty())
      LINNET_TRY(add(compiled.name + "_threads.o", object));
    command.emplace_back("-shared");
    command.push_back(fmt::format("-Wl,-soname,{}", file_name(path)));
  }
  if (!compiled.debug_symbols) command.emplace_back("-s");
  for (const char* flag : {"-Wl,--build-id=none", "-Wl,-z,noexecstack"})
    command.emplace_back(flag);
  const std::string log = folder.file("log");
  const int status = run(command, log);
  if (status == -1 || status == 127) {
    return machine(
        fmt::format("there is no linker: `{}` cannot be run", compiled.record.compiler),
        fmt::format("install {}, or use --emit obj or lib, which need no other tool",
                    compiled.record.level > 0 ? "gcc or clang" : compiled.record.package));
  }
  if (status != 0) {
    const auto text = read_file(log);
    return machine(fmt::format("{} failed with status {}:\n{}", compiled.record.compiler, status,
                               text ? std::string(text->begin(), text->end()) : ""),
                   compiled.link_static
                       ? "the linker needs libstdc++.a, libm.a and libc.a of the same system"
                       : "the linker needs libstdc++.a and libm of the same system");
  }
  const auto product = read_file(command[2]);
  if (!product) return machine(product.error().message, "");
  return write_file(path, *product, 0777).map_error(failure);
}

}  // namespace

Result<void, Failure> write_archive(const Compiled& compiled, const std::string& path) {
  std::vector<llvm::NewArchiveMember> members;
  const auto add = [&](const std::string& name, std::span<const uint8_t> bytes) {
    const llvm::StringRef content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    members.emplace_back(llvm::MemoryBufferRef(content, name));
    members.back().Perms = 0644;  // no time, owner or group: the same bytes every time
  };
  const std::string object = compiled.name + ".o";
  const std::string constants = compiled.name + "_constants.o";
  add(object, as_bytes(compiled.object));
  if (!compiled.constants.empty()) add(constants, as_bytes(compiled.constants));
  const std::string threads = compiled.name + "_threads.o";
  if (const auto bytes = pool(compiled); !bytes.empty()) add(threads, bytes);
  const auto kind = compiled.record.format == ObjectFormat::kMachO ? llvm::object::Archive::K_DARWIN
                                                                   : llvm::object::Archive::K_GNU;
  auto archive =
      llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, kind, true, false);
  if (!archive) throw InternalError("archive: " + toString(archive.takeError()));
  return write_file(path,
                    std::string_view((*archive)->getBufferStart(), (*archive)->getBufferSize()))
      .map_error(failure);
}

Result<void, Failure> write_objects(const Compiled& compiled, const std::string& path) {
  const std::string base(without_suffix(path, ".o"));
  LINNET_TRY(write_file(path, as_bytes(compiled.object)).map_error(failure));
  if (!compiled.constants.empty())
    LINNET_TRY(write_file(base + "_constants.o", as_bytes(compiled.constants)).map_error(failure));
  if (const auto bytes = pool(compiled); !bytes.empty())
    LINNET_TRY(write_file(base + "_threads.o", bytes).map_error(failure));
  return {};
}

Result<void, Failure> link_executable(const Compiled& compiled, const std::string& path) {
  return link(compiled, path, true);
}

Result<void, Failure> link_shared(const Compiled& compiled, const std::string& path) {
  return link(compiled, path, false);
}

}  // namespace linnet::codegen
