// The blocks that a name may mean: the user's own go before the prelude's.
#pragma once

#include "frontend/lin/ast.h"

#include <map>
#include <string>
#include <vector>

namespace linnet::frontend {

class Library {
public:
  // The prelude's blocks first, then the user's.
  explicit Library(const std::vector<const Block*>& blocks) {
    for (const Block* block : blocks)
      blocks_.insert_or_assign(block->name, block);
  }
  // nullptr where there is none; a model is no block to apply.
  [[nodiscard]] const Block* find(const std::string& name) const {
    const auto at = blocks_.find(name);
    return at == blocks_.end() || at->second->is_model ? nullptr : at->second;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, block] : blocks_)
      names.push_back(name);
    return names;
  }

private:
  std::map<std::string, const Block*> blocks_;
};

}  // namespace linnet::frontend
