// A training step whose batch is cut in shards, as one function of a library.
#pragma once

#include "codegen/emit/entries.h"

#include <llvm/IR/Module.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace linnet::codegen {

// The two entries of such a step, and what a caller sees of them in a library.
class ShardedStep {
public:
  // nullopt if there are none among the entries.
  [[nodiscard]] static std::optional<ShardedStep> among(std::span<const EntryInfo> entries,
                                                        const CompileOptions& options);

  // The entries with one of the whole batch in their place. It is good as long as this is.
  [[nodiscard]] std::vector<EntryInfo> shown(std::span<const EntryInfo> entries) const;
  [[nodiscard]] const EntryInfo& whole() const { return whole_; }
  // The function of that one, NAME_train_step: every shard in turn, the tree of sums, the update.
  // The two entries become internal.
  void emit(llvm::Module& module) const;

private:
  ShardedStep() = default;

  EntryInfo shard_, update_, whole_;
  std::shared_ptr<ir::Graph> signature_;  // inputs and outputs of the whole step, no nodes
  int64_t shards_ = 1;
};

}  // namespace linnet::codegen
