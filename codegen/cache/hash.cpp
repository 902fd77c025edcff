// SHA-256 for keys and versions, BLAKE3 for large data, both of LLVM.
#include "codegen/cache/hash.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/BLAKE3.h>
#include <llvm/Support/SHA256.h>

namespace linnet::codegen {

std::string sha256(std::string_view bytes) {
  llvm::SHA256 hash;
  hash.update(llvm::StringRef(bytes));
  return llvm::toHex(hash.final(), true);
}

struct LargeHash::State {
  llvm::BLAKE3 blake3;
};

LargeHash::LargeHash() : state_(std::make_unique<State>()) {}
LargeHash::~LargeHash() = default;

void LargeHash::update(std::string_view bytes) {
  state_->blake3.update(llvm::StringRef(bytes));
}

std::string LargeHash::hexadecimal() const {
  return llvm::toHex(state_->blake3.final(), true);
}

}  // namespace linnet::codegen
