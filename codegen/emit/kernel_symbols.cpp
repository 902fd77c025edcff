// Kernels shared by content across the modules of a product, with unique symbols.
#include "codegen/emit/kernel_symbols.h"

#include "passes/lib/kernel_names.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::codegen {

KernelSymbols::KernelSymbols(std::span<const ir::Module> modules, const std::string& prefix,
                             std::set<std::string> taken) {
  std::map<std::string, size_t> known;  // by content
  for (const ir::Module& module : modules) {
    for (const ir::Graph& kernel : module.kernels) {
      const std::string content = passes::kernel_content(kernel);
      const auto [at, is_new] = known.emplace(content, kernels_.size());
      index_[&kernel] = at->second;
      if (!is_new) continue;
      const std::string hash = passes::content_hash(content);
      const bool unique = std::ranges::find(kernels_, hash, &Kernel::hash) == kernels_.end();
      LINNET_CHECK(unique, "two kernels hash to " + hash);
      const std::string base = prefix + "_" + kernel.name;
      std::string symbol = base;
      for (int i = 2; !taken.insert(symbol).second; ++i)
        symbol = fmt::format("{}_{}", base, i);
      kernels_.push_back({&kernel, hash, "k_" + hash, symbol});
    }
  }
}

const KernelSymbols::Kernel& KernelSymbols::of(const ir::Graph& kernel) const {
  const auto at = index_.find(&kernel);
  LINNET_CHECK(at != index_.end(), "no kernel @" + kernel.name);
  return kernels_[at->second];
}

}  // namespace linnet::codegen
