// Counts of loops by LLVM's scalar evolution.
#include "codegen/inspect/loop_counts.h"

#include "support/check.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>
#include <set>

namespace linnet::codegen {
namespace {

using Count = std::optional<int64_t>;

Count product(const Count& a, const Count& b) {
  if (!a || !b) return std::nullopt;
  return *a * *b;
}

// Of the blocks of one function, each time it is called.
class Blocks {
public:
  explicit Blocks(llvm::Function& function)
      : library_(function.getParent()->getTargetTriple()), information_(library_, &function),
        assumptions_(function), dominators_(function), loops_(dominators_),
        evolution_(function, information_, assumptions_, dominators_, loops_) {}

  Count of(const llvm::BasicBlock& block) {
    Count count = 1;
    for (const llvm::Loop* loop = loops_.getLoopFor(&block); loop; loop = loop->getParentLoop()) {
      const unsigned trips = evolution_.getSmallConstantTripCount(loop);
      count = product(count, trips == 0 ? Count() : Count(trips));
    }
    return count;
  }

private:
  llvm::TargetLibraryInfoImpl library_;
  llvm::TargetLibraryInfo information_;
  llvm::AssumptionCache assumptions_;
  llvm::DominatorTree dominators_;
  llvm::LoopInfo loops_;
  llvm::ScalarEvolution evolution_;
};

// The function with a body that an instruction calls or gives to be called, or nullptr; and how
// often that is: a pool of threads is told how many tiles there are (base/abi/pool.h).
std::pair<llvm::Function*, Count> callee(const llvm::Instruction& instruction) {
  const auto* call = llvm::dyn_cast<llvm::CallBase>(&instruction);
  if (!call) return {nullptr, 1};
  llvm::Function* direct = call->getCalledFunction();
  if (direct && !direct->isDeclaration()) return {direct, 1};
  for (const llvm::Use& argument : call->args()) {
    auto* function = llvm::dyn_cast<llvm::Function>(argument.get());
    if (!function || function->isDeclaration()) continue;
    const unsigned tiles = argument.getOperandNo() + 2;  // behind the first tile's number
    const auto* count = tiles < call->arg_size()
                            ? llvm::dyn_cast<llvm::ConstantInt>(call->getArgOperand(tiles))
                            : nullptr;
    return {function, count ? Count(count->getSExtValue()) : Count()};
  }
  return {nullptr, 1};
}

void collect(llvm::Function& function, std::set<const llvm::Function*>& known) {
  if (!known.insert(&function).second) return;
  for (const llvm::Instruction& instruction : llvm::instructions(function)) {
    if (auto [called, count] = callee(instruction); called) collect(*called, known);
  }
}

void count(llvm::Function& function, const Count& calls, OptimizedModule::Counts& counts) {
  Blocks blocks(function);
  for (const llvm::BasicBlock& block : function) {
    const Count own = product(calls, blocks.of(block));
    // A function that two places call has the sum of both.
    const auto [at, fresh] =
        counts.emplace(std::pair(function.getName().str(), block.getName().str()), own);
    if (!fresh) at->second = at->second && own ? Count(*at->second + *own) : Count();
    for (const llvm::Instruction& instruction : block) {
      if (const auto [called, times] = callee(instruction); called)
        count(*called, product(own, times), counts);
    }
  }
}

}  // namespace

OptimizedModule::OptimizedModule(const std::string& text)
    : context_(std::make_unique<llvm::LLVMContext>()) {
  llvm::SMDiagnostic diagnostic;
  module_ = llvm::parseAssemblyString(text, diagnostic, *context_);
  LINNET_CHECK(module_ != nullptr,
               "LLVM does not read its own IR: " + diagnostic.getMessage().str());
}

OptimizedModule::~OptimizedModule() = default;

std::vector<std::string> OptimizedModule::functions_of(const std::string& symbol) const {
  llvm::Function* kernel = module_->getFunction(symbol);
  if (!kernel || kernel->isDeclaration()) return {};
  std::set<const llvm::Function*> known;
  collect(*kernel, known);
  std::vector<std::string> names;
  for (const llvm::Function& function : *module_) {
    if (known.contains(&function)) names.push_back(function.getName().str());
  }
  return names;
}

OptimizedModule::Counts OptimizedModule::counts_of(const std::string& symbol) const {
  Counts counts;
  llvm::Function* kernel = module_->getFunction(symbol);
  if (kernel && !kernel->isDeclaration()) count(*kernel, 1, counts);
  return counts;
}

}  // namespace linnet::codegen
