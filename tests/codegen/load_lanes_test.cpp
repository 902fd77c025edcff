// load_lanes: neighbours that are only broadcast become one load; what is near that does not.
#include "codegen/object/load_lanes.h"

#include <gtest/gtest.h>

#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/SourceMgr.h>

#include <string>

namespace linnet::codegen {
namespace {

// A function that broadcasts the floats at these bytes and adds them; `between` stands before the
// last of them.
std::string broadcasts(const std::vector<int>& offsets, const std::string& between = "") {
  std::string text = "define <4 x float> @f(ptr %p, ptr %q) {\n";
  std::string sum = "zeroinitializer";
  for (size_t i = 0; i < offsets.size(); ++i) {
    const std::string n = std::to_string(i);
    if (i + 1 == offsets.size()) text += between;
    text += "%a" + n + " = getelementptr inbounds i8, ptr %p, i64 " + std::to_string(offsets[i]) +
            "\n%l" + n + " = load float, ptr %a" + n + ", align 4\n%i" + n +
            " = insertelement <4 x float> poison, float %l" + n + ", i64 0\n%s" + n +
            " = shufflevector <4 x float> %i" + n +
            ", <4 x float> poison, <4 x i32> zeroinitializer\n%t" + n + " = fadd <4 x float> " +
            sum + ", %s" + n + "\n";
    sum = "%t" + n;
  }
  return text + "ret <4 x float> " + sum + "\n}\n";
}

// The loads whose values are used, afterwards: lanes of each, in order.
std::string loads_after(const std::string& text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  const auto module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  if (!module) return "";
  llvm::Function& function = *module->getFunction("f");
  load_lanes(function);
  EXPECT_FALSE(llvm::verifyFunction(function));
  std::string lanes;
  for (llvm::BasicBlock& block : function) {
    for (llvm::Instruction& instruction : block) {
      if (!llvm::isa<llvm::LoadInst>(instruction)) continue;
      const auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(instruction.getType());
      const bool replaced = instruction.hasOneUse() &&
                            instruction.user_back()->use_empty() == false &&
                            instruction.user_back()->user_back()->use_empty();
      if (!replaced) lanes += std::to_string(vector ? vector->getNumElements() : 1) + " ";
    }
  }
  return lanes;
}

TEST(LoadLanes, NeighboursBecomeOneLoad) {
  EXPECT_EQ(loads_after(broadcasts({0, 4, 8, 12})), "4 ");
  EXPECT_EQ(loads_after(broadcasts({12, 8, 4, 0})), "4 ");
  EXPECT_EQ(loads_after(broadcasts({0, 4, 8, 12, 16, 20})), "4 2 ");
  EXPECT_EQ(loads_after(broadcasts({0, 4, 8})), "2 1 ");
}

TEST(LoadLanes, OthersStay) {
  EXPECT_EQ(loads_after(broadcasts({0, 8, 16, 24})), "1 1 1 1 ");
  // A store may change what comes behind it.
  EXPECT_EQ(loads_after(broadcasts({0, 4, 8, 12}, "store float 1.0, ptr %q\n")), "1 1 1 1 ");
}

}  // namespace
}  // namespace linnet::codegen
