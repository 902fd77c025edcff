// The bytes that would be written, loaded into this process: ORC's object layer only.
#include "codegen/emit/compile.h"

#include "base/abi/pool.h"

#include <llvm/ExecutionEngine/Orc/AbsoluteSymbols.h>
#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h>
#include <llvm/ExecutionEngine/Orc/MemoryMapper.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h>
#include <llvm/Support/MemoryBuffer.h>

namespace linnet::codegen {
namespace {

namespace orc = llvm::orc;

// No LLJIT: it would bring a compiler for IR, which takes longer to set up than the objects to
// link.
class LoadedObjects : public Loaded {
public:
  LoadedObjects(std::unique_ptr<orc::ExecutorProcessControl> process,
                std::unique_ptr<llvm::jitlink::JITLinkMemoryManager> memory)
      : session_(std::move(process)), layer_(session_, std::move(memory)),
        symbols_(session_.createBareJITDylib("objects")) {}
  ~LoadedObjects() override { llvm::consumeError(session_.endSession()); }

  [[nodiscard]] llvm::Error add(const std::vector<std::byte>& object, bool copied) {
    const llvm::StringRef bytes(reinterpret_cast<const char*>(object.data()), object.size());
    return layer_.add(symbols_, copied ? llvm::MemoryBuffer::getMemBufferCopy(bytes)
                                       : llvm::MemoryBuffer::getMemBuffer(bytes, "", false));
  }
  [[nodiscard]] llvm::Error add_process() {  // memcpy, memset, memmove
    auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess('\0');
    if (!process) return process.takeError();
    symbols_.addGenerator(std::move(*process));
    return llvm::Error::success();
  }

  // What a product's object asks of base/pool.cpp.
  [[nodiscard]] llvm::Error add_pool() {
    orc::SymbolMap functions;
    const auto add = [&](const char* name, auto* function) {
      functions[session_.intern(name)] = {orc::ExecutorAddr::fromPtr(function),
                                          llvm::JITSymbolFlags::Exported};
    };
    add("linnet_pool_v1_start", linnet_pool_v1_start);
    add("linnet_pool_v1_stop", linnet_pool_v1_stop);
    add("linnet_pool_v1_begin", linnet_pool_v1_begin);
    add("linnet_pool_v1_end", linnet_pool_v1_end);
    add("linnet_pool_v1_run", linnet_pool_v1_run);
    return symbols_.define(orc::absoluteSymbols(std::move(functions)));
  }

  [[nodiscard]] void* symbol(const std::string& name) const override {
    // Hidden symbols too: `linnet_product_model` and the kernels of a bench.
    auto found = session_.lookup({{&symbols_, orc::JITDylibLookupFlags::MatchAllSymbols}},
                                 session_.intern(name));
    if (found) return found->getAddress().toPtr<void*>();
    llvm::consumeError(found.takeError());
    return nullptr;
  }

private:
  mutable orc::ExecutionSession session_;
  orc::ObjectLinkingLayer layer_;
  orc::JITDylib& symbols_;
};

// One range of addresses for both objects. Code reaches the constants by distances of 32 bits; in a
// process with large libraries the gaps between these may be further apart than that.
llvm::Expected<std::unique_ptr<llvm::jitlink::JITLinkMemoryManager>>
memory_for(const Compiled& compiled) {
  constexpr size_t kPages = size_t{1} << 20;  // segments begin at pages, and there may be stubs
  const size_t bytes = compiled.object.size() + compiled.constants.size();
  const size_t range = (2 * bytes / kPages + 2) * kPages;
  return orc::MapperJITLinkMemoryManager::CreateWithMapper<orc::InProcessMemoryMapper>(range);
}

}  // namespace

Result<std::unique_ptr<Loaded>, Failure> load(const Compiled& compiled) {
  const auto fail = [](llvm::Error error) {
    return tl::unexpected(
        Failure{Status::kBug, "the object cannot be loaded: " + toString(std::move(error)), ""});
  };
  auto process = orc::SelfExecutorProcessControl::Create();
  if (!process) return fail(process.takeError());
  auto memory = memory_for(compiled);
  if (!memory) return fail(memory.takeError());
  auto loaded = std::make_unique<LoadedObjects>(std::move(*process), std::move(*memory));
  if (auto error = loaded->add_process()) return fail(std::move(error));
  if (compiled.thread_bytes != 0) {
    if (auto error = loaded->add_pool()) return fail(std::move(error));
  }
  if (auto error = loaded->add(compiled.object, true)) return fail(std::move(error));
  if (compiled.constants.empty()) return loaded;
  if (auto error = loaded->add(compiled.constants, false)) return fail(std::move(error));
  // Weights are copied once, to where they stay: when they are looked up, while `compiled` has
  // them.
  if (!loaded->symbol(compiled.name + "_constants"))
    return tl::unexpected(Failure{Status::kBug, "the object's constants cannot be loaded", ""});
  return loaded;
}

}  // namespace linnet::codegen
