// Objects → archive, shared library, executable. Files appear whole or not at all.
#include "codegen/emit/compile.h"

#include "codegen/object/work_folder.h"

#include "base/io/file.h"
#include "base/text.h"
#include "codegen/object/link_elf.h"
#include "codegen/object/product_runtime.h"
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

extern char** environ;

namespace linnet::codegen {
namespace {

std::span<const uint8_t> as_bytes(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

// base/pool.cpp for what is no executable; empty if the model starts no threads.
std::span<const uint8_t> pool(const Compiled& compiled) {
  if (compiled.thread_bytes == 0) return {};
  return product_runtime(compiled.record).pool;
}

Failure failure(const Error& error) {
  return {error.status, error.message, ""};
}
tl::unexpected<Failure> machine(std::string message, std::string remedy) {
  return tl::unexpected(Failure{Status::kMachine, std::move(message), std::move(remedy)});
}

// Runs `arguments[0]` with its output, in English, in `log`; its exit status, or −1 if it could not
// start.
int run(const std::vector<std::string>& arguments, const std::string& log) {
  std::string english = "LC_ALL=C";
  std::vector<char*> environment = {english.data()};
  for (char** variable = environ; *variable; ++variable) {
    if (!std::string_view(*variable).starts_with("LC_ALL=")) environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  std::vector<char*> pointers;
  for (const std::string& argument : arguments)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = 0;
  const int started =
      posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) return -1;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

using Words = std::vector<std::string>;

// Where a system has its libraries, by Debian's names first.
Words library_folders(const Compiled& compiled) {
  std::string debian = "x86_64-linux-gnu";
  if (compiled.record.level == 0) debian = without_suffix(compiled.record.compiler, "-gcc");
  return {"/usr/lib/" + debian, "/lib/" + debian, "/usr/lib64", "/lib64", "/usr/lib", "/lib"};
}

// A sysroot that is none would go unnoticed: compilers fall back on their own libraries.
Result<void, Failure> check_sysroot(const Compiled& compiled) {
  const std::string& root = compiled.link.sysroot;
  const char* library = compiled.link.is_static ? "/libc.a" : "/libc.so";
  if (root.empty()) return {};
  for (const std::string& folder : library_folders(compiled)) {
    if (file_exists(root + folder + library)) return {};
  }
  return machine(
      fmt::format("--sysroot {}: there is no {} for {}", root, library + 1, compiled.record.name),
      fmt::format("copy /lib and /usr/lib of the machine there, with libc6-dev installed "
                  "on it: {} is looked for",
                  root + library_folders(compiled).front() + library));
}

// The program that links: the target's own compiler, or the user's. clang serves all targets by its
// own linker.
Words linker(const Compiled& compiled) {
  const LinkOptions& options = compiled.link;
  Words words = {options.compiler.empty() ? std::string(compiled.record.compiler)
                                          : options.compiler};
  if (file_name(words.front()).find("clang") != std::string_view::npos) {
    words.push_back("--target=" + std::string(compiled.record.triple));
    if (compiled.record.level == 0) words.emplace_back("-fuse-ld=lld");
  }
  if (options.sysroot.empty()) return words;
  words.push_back("--sysroot=" + options.sysroot);
  // Debian's cross compilers have libraries of their own, which they would take first.
  for (const std::string& folder : library_folders(compiled)) {
    if (!is_folder(options.sysroot + folder)) continue;
    words.push_back("-B" + options.sysroot + folder);
    words.push_back("-L" + options.sysroot + folder);
  }
  return words;
}

Words flags(const Compiled& compiled, const LinkInputs& inputs) {
  Words words;
  if (!inputs.runtime.empty()) {
    // runtime/terminate.cpp instead of libstdc++'s.
    words = {"-Wl,--gc-sections", "-Wl,-u,_ZN9__gnu_cxx27__verbose_terminate_handlerEv"};
    const Words dynamic = {"-static-libgcc", "-Wl,-Bstatic", "-lstdc++", "-Wl,-Bdynamic", "-lm"};
    const Words fixed = {"-static", "-lstdc++", "-lm"};
    const Words& more = compiled.link.is_static ? fixed : dynamic;
    words.insert(words.end(), more.begin(), more.end());
  } else {
    // -Wl would take a comma in the name for the next option.
    words = {"-shared", "-Xlinker", "-soname", "-Xlinker", inputs.soname};
  }
  if (!compiled.debug_symbols) words.emplace_back("-s");
  for (const char* flag : {"-Wl,--build-id=none", "-Wl,-z,noexecstack"})
    words.emplace_back(flag);
  return words;
}

// What to do about a linker that is not there.
std::string install(const Compiled& compiled) {
  const TargetRecord& record = compiled.record;
  if (!compiled.link.compiler.empty())
    return fmt::format("--cc names a compiler that links for {}; without it {} does", record.name,
                       record.compiler);
  const std::string package = record.level > 0 ? "g++" : std::string(record.package);
  if (compiled.link.is_static && links_within(record))
    return fmt::format("apt-get install {}: --static needs its libc.a; without --static linnet "
                       "links by itself",
                       package);
  if (record.level > 0)
    return "install g++ or clang, or use --emit obj or lib, which need no other tool";
  return fmt::format(
      "apt-get install {}, or say --cc clang (and --sysroot DIR); --emit lib needs no "
      "linker, and a program of yours is linked where there is one: {} main.c lib{}.a",
      package, record.compiler, compiled.name);
}

// "c++" of "cannot find -lstdc++" (GNU ld) or "unable to find library -lstdc++" (lld).
std::string missing_library(std::string_view log) {
  for (const std::string_view said : {"cannot find -l", "unable to find library -l"}) {
    const size_t at = log.find(said);
    if (at == log.npos) continue;
    const size_t begin = at + said.size();
    return std::string(log.substr(begin, log.find_first_of(": \n", begin) - begin));
  }
  return "";
}

tl::unexpected<Failure> link_failed(const Compiled& compiled, const std::string& program,
                                    int status, std::string_view log) {
  const TargetRecord& record = compiled.record;
  const std::string own =
      fmt::format("{}, of Debian's {}, links for it", record.compiler, record.package);
  for (const char* said : {"wrong format", "is incompatible with", "unrecognised emulation"}) {
    if (log.find(said) == log.npos) continue;
    return machine(fmt::format("{} does not link for {}", program, record.name), own);
  }
  const std::string library = missing_library(log);
  if (library.empty())
    return machine(fmt::format("{} failed with status {}:\n{}", program, status, log),
                   fmt::format("it needs libstdc++.a, libm and libc of {}; {}", record.name, own));
  const std::string& root = compiled.link.sysroot;
  return machine(fmt::format("{} does not find lib{}{} for {}{}", program, library,
                             compiled.link.is_static ? ".a" : "", record.name,
                             root.empty() ? "" : " in " + root),
                 root.empty()
                     ? "apt-get install " + std::string(record.level > 0 ? "g++" : record.package)
                     : "install libstdc++-12-dev and libc6-dev on the machine that it is "
                       "a copy of, and copy again");
}

// By the compiler that is named, or the target's own; by linnet itself where that one is not
// installed, or is without libstdc++.a.
Result<void, Failure> link_by_compiler(const Compiled& compiled, const LinkInputs& inputs,
                                       const std::string& log) {
  const LinkOptions& options = compiled.link;
  const bool within = options.compiler.empty() && options.sysroot.empty() && !options.is_static &&
                      links_within(compiled.record);
  Words command = linker(compiled);
  const std::string program = command.front();
  command.insert(command.end(), {"-o", inputs.product});
  command.insert(command.end(), inputs.objects.begin(), inputs.objects.end());
  if (!inputs.runtime.empty()) command.push_back(inputs.runtime);
  for (std::string& flag : flags(compiled, inputs))
    command.push_back(std::move(flag));
  const int status = run(command, log);
  if (status == 0) return {};
  if (status == -1 || status == 127) {
    if (within) return link_within(compiled, inputs);
    return machine(fmt::format("there is no linker: `{}` cannot be run", program),
                   install(compiled));
  }
  const auto text = read_file(log);
  const std::string said = text ? std::string(text->begin(), text->end()) : "";
  if (within && !missing_library(said).empty()) return link_within(compiled, inputs);
  return link_failed(compiled, program, status, said);
}

// Links the model's objects with the run-time, or with the pool of threads.
Result<void, Failure> link(const Compiled& compiled, const std::string& path, bool executable) {
  LINNET_TRY(check_sysroot(compiled));
  WorkFolder folder;
  if (!folder.ok()) return machine(folder.path() + ": " + std::strerror(errno), "set TMPDIR");
  LinkInputs inputs{.soname = std::string(file_name(path)), .product = folder.file("product")};
  const auto add = [&](const std::string& name, std::span<const uint8_t> bytes) {
    inputs.objects.push_back(folder.file(name));
    return write_file(inputs.objects.back(), bytes).map_error(failure);
  };
  LINNET_TRY(add(compiled.name + ".o", as_bytes(compiled.object)));
  if (!compiled.constants.empty())
    LINNET_TRY(add(compiled.name + "_constants.o", as_bytes(compiled.constants)));
  if (executable) {
    inputs.runtime = folder.file("libruntime.a");
    LINNET_TRY(
        write_file(inputs.runtime, product_runtime(compiled.record).archive).map_error(failure));
  } else if (const auto object = pool(compiled); !object.empty()) {
    LINNET_TRY(add(compiled.name + "_threads.o", object));
  }
  LINNET_TRY(link_by_compiler(compiled, inputs, folder.file("log")));
  const auto product = read_file(inputs.product);
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
