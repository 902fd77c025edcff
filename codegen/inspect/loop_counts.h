// How often the blocks of optimised code run in one call of a kernel.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class Function;
class LLVMContext;
class Module;
}  // namespace llvm

namespace linnet::codegen {

// A module's text, read again.
class OptimizedModule {
public:
  explicit OptimizedModule(const std::string& text);
  ~OptimizedModule();

  // The kernel's function, and those that it calls or has called for its tiles, in the order of the
  // module; none if it became part of its caller.
  [[nodiscard]] std::vector<std::string> functions_of(const std::string& symbol) const;

  // By function and block: the counts of the loops around it, where all of them are constants.
  // What stands behind a condition counts as if it always held.
  using Counts = std::map<std::pair<std::string, std::string>, std::optional<int64_t>>;
  [[nodiscard]] Counts counts_of(const std::string& symbol) const;

private:
  std::unique_ptr<llvm::LLVMContext> context_;
  std::unique_ptr<llvm::Module> module_;
};

}  // namespace linnet::codegen
