// Finds neighbours among a block's scalar loads and merges them.
#include "codegen/object/load_lanes.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include <algorithm>
#include <map>
#include <vector>

namespace linnet::codegen {
namespace {

using Splats = llvm::SmallVector<llvm::ShuffleVectorInst*, 4>;

// The vectors that hold nothing but this number; empty if it is used for anything else.
Splats splats_of(llvm::LoadInst& load) {
  Splats splats;
  for (llvm::User* user : load.users()) {
    auto* insert = llvm::dyn_cast<llvm::InsertElementInst>(user);
    if (!insert || insert->getOperand(1) != &load) return {};
    for (llvm::User* spread : insert->users()) {
      auto* shuffle = llvm::dyn_cast<llvm::ShuffleVectorInst>(spread);
      if (!shuffle || !shuffle->isZeroEltSplat() || shuffle->getOperand(0) != insert) return {};
      splats.push_back(shuffle);
    }
  }
  return splats;
}

struct Number {
  llvm::LoadInst* load;
  Splats splats;
};

// A block's broadcast numbers by the pointer they are counted from and their bytes behind it.
using Row = std::map<int64_t, Number>;

// In order of the first load of each.
std::vector<Row> rows_of(llvm::BasicBlock& block) {
  const llvm::DataLayout& layout = block.getDataLayout();
  std::vector<Row> rows;
  std::map<const llvm::Value*, size_t> index;
  for (llvm::Instruction& instruction : block) {
    if (instruction.mayWriteToMemory()) return {};
    auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction);
    if (!load || !load->getType()->isFloatTy() || !load->isSimple()) continue;
    Splats splats = splats_of(*load);
    if (splats.empty()) continue;
    llvm::APInt offset(64, 0);
    const llvm::Value* base =
        load->getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
    const auto [found, fresh] = index.try_emplace(base, rows.size());
    if (fresh) rows.emplace_back();
    rows[found->second].try_emplace(offset.getSExtValue(), Number{load, std::move(splats)});
  }
  return rows;
}

// Replaces `count` neighbours from `first` on, where the first of them was loaded.
void merge(Row::iterator first, unsigned count) {
  std::vector<Number> numbers;
  llvm::Instruction* place = nullptr;
  for (unsigned i = 0; i < count; ++i, ++first) {
    numbers.push_back(first->second);
    if (!place || first->second.load->comesBefore(place)) place = first->second.load;
  }
  llvm::LoadInst* lowest = numbers.front().load;
  llvm::IRBuilder<> builder(place);
  // The address of the lowest may come later than the first load: it is counted from the latter's.
  llvm::Value* address = lowest->getPointerOperand();
  if (auto* made = llvm::dyn_cast<llvm::Instruction>(address);
      made && made->getParent() == place->getParent() && !made->comesBefore(place))
    made->moveBefore(place->getIterator());
  auto* type = llvm::FixedVectorType::get(builder.getFloatTy(), count);
  llvm::Value* vector = builder.CreateAlignedLoad(type, address, lowest->getAlign());
  for (unsigned i = 0; i < count; ++i) {
    for (llvm::ShuffleVectorInst* splat : numbers[i].splats) {
      const auto width = llvm::cast<llvm::FixedVectorType>(splat->getType())->getNumElements();
      llvm::IRBuilder<> here(splat);
      splat->replaceAllUsesWith(
          here.CreateShuffleVector(vector, llvm::SmallVector<int, 4>(width, static_cast<int>(i))));
    }
  }
}

}  // namespace

void load_lanes(llvm::Function& function) {
  for (llvm::BasicBlock& block : function) {
    for (Row& row : rows_of(block)) {
      for (auto first = row.begin(); first != row.end();) {
        auto last = first;
        unsigned count = 1;
        for (auto next = std::next(first); count < 4 && next != row.end(); ++next, ++count) {
          if (next->first != last->first + 4) break;
          last = next;
        }
        if (count == 3) count = 2;
        if (count > 1) merge(first, count);
        std::advance(first, count);
      }
    }
  }
}

}  // namespace linnet::codegen
