// The bytes that would be written, loaded into this process: ORC's object layer only.
#include "codegen/compile.h"

#include <llvm/ExecutionEngine/Orc/ExecutionUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>

namespace linnet::codegen {
namespace {

class LoadedObjects : public Loaded {
public:
  explicit LoadedObjects(std::unique_ptr<llvm::orc::LLJIT> jit) : jit_(std::move(jit)) {}

  [[nodiscard]] void* symbol(const std::string& name) const override {
    // Hidden symbols too: `linnet_product_model` and the kernels of a bench.
    auto& session = jit_->getExecutionSession();
    auto found = session.lookup(
        {{&jit_->getMainJITDylib(), llvm::orc::JITDylibLookupFlags::MatchAllSymbols}},
        session.intern(name));
    if (found) return found->getAddress().toPtr<void*>();
    llvm::consumeError(found.takeError());
    return nullptr;
  }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

}  // namespace

std::unique_ptr<Loaded> load(const Compiled& compiled, Failure& failure) {
  const auto fail = [&](llvm::Error error) {
    failure = {Status::kBug, "the object cannot be loaded: " + toString(std::move(error)), ""};
    return nullptr;
  };
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit) return fail(jit.takeError());
  auto process = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());  // memcpy, memset, memmove
  if (!process) return fail(process.takeError());
  (*jit)->getMainJITDylib().addGenerator(std::move(*process));
  for (const auto* object : {&compiled.object, &compiled.product, &compiled.constants}) {
    if (object->empty()) continue;
    const llvm::StringRef bytes(reinterpret_cast<const char*>(object->data()), object->size());
    auto buffer = object == &compiled.constants ? llvm::MemoryBuffer::getMemBuffer(bytes, "", false)
                                                : llvm::MemoryBuffer::getMemBufferCopy(bytes);
    if (auto error = (*jit)->addObjectFile(std::move(buffer))) return fail(std::move(error));
  }
  auto loaded = std::make_unique<LoadedObjects>(std::move(*jit));
  // Weights are copied once, to where they stay: now, while `compiled` has them.
  if (!compiled.constants.empty()) (void)loaded->symbol(compiled.name + "_constants");
  return loaded;
}

}  // namespace linnet::codegen
