// Bytes of code and of stack: of an object's functions, and along the calls of a module.
#include "codegen/object/object.h"

#include "support/check.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Object/SymbolSize.h>

#include <functional>
#include <optional>

namespace linnet::codegen {
namespace {

constexpr int64_t kReturnAddress = 8;
constexpr int64_t kRealigned = 80;     // up to 63 bytes of alignment and the saved frame pointer
constexpr int64_t kLibraryCall = 512;  // memcpy, memset, memmove of libc; linnet_pool_v1_run

llvm::MemoryBufferRef buffer(const std::vector<std::byte>& object) {
  return {llvm::StringRef(reinterpret_cast<const char*>(object.data()), object.size()), "object"};
}

}  // namespace

std::map<std::string, int64_t> code_sizes(const std::vector<std::byte>& object,
                                          const Target& target) {
  auto file = llvm::object::ObjectFile::createObjectFile(buffer(object));
  LINNET_CHECK(bool(file), "the object just made cannot be read");
  std::map<std::string, int64_t> sizes;
  for (const auto& [symbol, size] : llvm::object::computeSymbolSizes(**file)) {
    auto type = symbol.getType();
    if (llvm::cantFail(std::move(type)) != llvm::object::SymbolRef::ST_Function) continue;
    llvm::StringRef name = llvm::cantFail(symbol.getName());
    if (target.record.format == ObjectFormat::kMachO) name.consume_front("_");
    sizes[name.str()] = static_cast<int64_t>(size);
  }
  return sizes;
}

std::span<std::byte> symbol_data(std::vector<std::byte>& object, std::string_view name) {
  using Elf = llvm::object::ELF64LE;
  const auto file = llvm::cantFail(llvm::object::ELFFile<Elf>::create(buffer(object).getBuffer()));
  for (const auto& section : llvm::cantFail(file.sections())) {
    if (section.sh_type != llvm::ELF::SHT_SYMTAB) continue;
    const llvm::StringRef names = llvm::cantFail(file.getStringTableForSymtab(section));
    for (const auto& symbol : llvm::cantFail(file.symbols(&section))) {
      if (llvm::cantFail(symbol.getName(names)) != llvm::StringRef(name)) continue;
      const auto* home = llvm::cantFail(file.getSection(symbol.st_shndx));
      return std::span(object).subspan(home->sh_offset + symbol.st_value, symbol.st_size);
    }
  }
  return {};
}

int64_t stack_bytes(const llvm::Module& module, const Frames& frames) {
  std::map<const llvm::Function*, std::optional<int64_t>> depths;  // nullopt: being computed
  const std::function<int64_t(const llvm::Function&)> depth =
      [&](const llvm::Function& function) -> int64_t {
    if (function.isDeclaration()) return kLibraryCall;
    const std::string name = function.getName().str();
    if (const auto known = depths.find(&function); known != depths.end()) {
      if (!known->second) throw InternalError("generated code is recursive: " + name);
      return *known->second;
    }
    depths[&function] = std::nullopt;
    int64_t deepest = 0;
    for (const llvm::Instruction& instruction : llvm::instructions(function)) {
      if (const auto* alloca = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
        if (!alloca->isStaticAlloca()) throw InternalError("a dynamic alloca in " + name);
      }
      const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
      if (!call || call->isInlineAsm()) continue;
      const llvm::Function* callee = call->getCalledFunction();
      if (!callee) throw InternalError("an indirect call in " + name);
      // Memory intrinsics may become library calls, other intrinsics are instructions.
      if (callee->isIntrinsic() && !llvm::isa<llvm::MemIntrinsic>(instruction)) continue;
      deepest = std::max(deepest,
                         kReturnAddress + (callee->isIntrinsic() ? kLibraryCall : depth(*callee)));
      // A pool of threads calls a kernel's tiles, here too.
      for (const llvm::Use& argument : call->args()) {
        if (const auto* tile = llvm::dyn_cast<llvm::Function>(argument))
          deepest =
              std::max(deepest, kReturnAddress + kLibraryCall + kReturnAddress + depth(*tile));
      }
    }
    const auto frame = frames.find(name);
    LINNET_CHECK(frame != frames.end(), "no stack size of " + name);
    const int64_t total = frame->second + kRealigned + deepest;
    depths[&function] = total;
    return total;
  };
  int64_t deepest = 0;
  for (const llvm::Function& function : module) {
    if (!function.isDeclaration() && !function.hasLocalLinkage())
      deepest = std::max(deepest, kReturnAddress + depth(function));
  }
  return deepest;
}

int64_t stack_bytes_of_all(const Frames& frames) {
  int64_t bytes = kLibraryCall;
  for (const auto& [function, frame] : frames)
    bytes += frame + kRealigned;
  return bytes;
}

}  // namespace linnet::codegen
