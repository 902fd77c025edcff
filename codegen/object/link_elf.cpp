// Objects → executable or shared library by LLD's driver, called as a function, with the start
// files and libraries that cmake/link_kit.py gathers.
#include "codegen/object/link_elf.h"

#include "codegen/object/lld.h"
#include "codegen/object/product_runtime.h"
#include "codegen/object/work_folder.h"

#include "base/io/file.h"
#include "support/check.h"

#include <llvm/Object/Archive.h>
#include <llvm/Support/MemoryBuffer.h>

#include <cerrno>
#include <cstring>
#include <map>

namespace linnet::codegen {
namespace {

// The kit's files in `folder`, by their names.
Result<std::map<std::string, std::string>, Failure> unpack(std::span<const uint8_t> kit,
                                                           WorkFolder& folder) {
  std::map<std::string, std::string> paths;
  const llvm::StringRef bytes(reinterpret_cast<const char*>(kit.data()), kit.size());
  const auto archive =
      llvm::cantFail(llvm::object::Archive::create(llvm::MemoryBufferRef(bytes, "kit.a")));
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child& child : archive->children(error)) {
    const std::string name = llvm::cantFail(child.getName()).str();
    const llvm::StringRef content = llvm::cantFail(child.getBuffer());
    paths[name] = folder.file(name);
    const auto done = write_file(paths[name], std::string_view(content));
    if (!done) return tl::unexpected(Failure{Status::kMachine, done.error().message, "set TMPDIR"});
  }
  llvm::cantFail(std::move(error));
  return paths;
}

// LLD's name of the machine, and where its dynamic loader is.
std::pair<const char*, const char*> machine_of(const TargetRecord& record) {
  switch (record.architecture) {
  case Architecture::kAArch64:
    return {"aarch64linux", "/lib/ld-linux-aarch64.so.1"};
  case Architecture::kRiscV:
    return {"elf64lriscv", "/lib/ld-linux-riscv64-lp64d.so.1"};
  default:
    return {"elf_x86_64", "/lib64/ld-linux-x86-64.so.2"};
  }
}

}  // namespace

bool links_within(const TargetRecord& record) {
  return !product_runtime(record).kit.empty();
}

Result<void, Failure> link_within(const Compiled& compiled, const LinkInputs& inputs) {
  WorkFolder folder;
  if (!folder.ok()) {
    return tl::unexpected(
        Failure{Status::kMachine, folder.path() + ": " + std::strerror(errno), "set TMPDIR"});
  }
  auto unpacked = unpack(product_runtime(compiled.record).kit, folder);
  if (!unpacked) return tl::unexpected(std::move(unpacked.error()));
  const std::map<std::string, std::string>& kit = *unpacked;
  const auto [emulation, loader] = machine_of(compiled.record);
  std::vector<std::string> words = {
      "ld.lld",          "-m",          emulation,          "-o",
      inputs.product,    "--threads=1", "--hash-style=gnu", "--eh-frame-hdr",
      "--build-id=none", "-z",          "noexecstack",      "-z",
      "relro",           "--as-needed"};
  if (!compiled.debug_symbols) words.emplace_back("-s");
  const bool executable = !inputs.runtime.empty();
  if (executable) {
    words.insert(words.end(), {"-pie", "--dynamic-linker", loader, "--gc-sections", "-u",
                               "_ZN9__gnu_cxx27__verbose_terminate_handlerEv", kit.at("Scrt1.o")});
  } else {
    words.insert(words.end(), {"-shared", "-soname", inputs.soname});
  }
  words.insert(words.end(), {kit.at("crti.o"), kit.at("crtbegin.o")});
  words.insert(words.end(), inputs.objects.begin(), inputs.objects.end());
  if (executable) words.push_back(inputs.runtime);
  for (const char* name : {"libsupport.a", "libm.so.6", "libc.so.6", "ld.so", "crtend.o", "crtn.o"})
    words.push_back(kit.at(name));
  run_lld(words, &lld::elf::link);
  return {};
}

}  // namespace linnet::codegen
