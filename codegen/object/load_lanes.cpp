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

// A block's broadcast numbers by their bytes behind a pointer.
struct Row {
  llvm::Value* base;
  std::map<int64_t, Number> numbers;
};

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
    llvm::Value* base =
        load->getPointerOperand()->stripAndAccumulateConstantOffsets(layout, offset, true);
    const auto [found, fresh] = index.try_emplace(base, rows.size());
    if (fresh) rows.push_back({base, {}});
    rows[found->second].numbers.try_emplace(offset.getSExtValue(), Number{load, std::move(splats)});
  }
  return rows;
}

// Replaces `count` neighbours from `first` on, where the first of them was loaded.
void merge(llvm::Value* base, std::map<int64_t, Number>::iterator first, unsigned count) {
  std::vector<Number> numbers;
  const int64_t offset = first->first;
  llvm::Instruction* place = nullptr;
  for (unsigned i = 0; i < count; ++i, ++first) {
    numbers.push_back(first->second);
    if (!place || first->second.load->comesBefore(place)) place = first->second.load;
  }
  llvm::IRBuilder<> builder(place);
  auto* type = llvm::FixedVectorType::get(builder.getFloatTy(), count);
  llvm::Value* address =
      builder.CreatePtrAdd(base, builder.getInt64(static_cast<uint64_t>(offset)));
  llvm::Value* vector = builder.CreateAlignedLoad(type, address, numbers.front().load->getAlign());
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
      for (auto first = row.numbers.begin(); first != row.numbers.end();) {
        auto last = first;
        unsigned count = 1;
        for (auto next = std::next(first); count < 4 && next != row.numbers.end();
             ++next, ++count) {
          if (next->first != last->first + 4) break;
          last = next;
        }
        if (count == 3) count = 2;
        if (count > 1) merge(row.base, first, count);
        std::advance(first, count);
      }
    }
  }
}

}  // namespace linnet::codegen
