// The generic kernel of every LINNET_KERNEL_OP against the evaluator, on the shapes and attributes
// of its cases in tests/ops/NAME.lir.
#include "base/io/file.h"
#include "codegen/check/check_kernel.h"
#include "ir/op_def.h"
#include "ir/print.h"
#include "ir/read.h"
#include "passes/schedule/families.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

// The modules of a file of cases; those that must be refused are left out.
std::vector<ir::Module> cases_of(std::string_view op) {
  const auto bytes =
      read_file(std::string(LINNET_SOURCE_DIR) + "/tests/ops/" + std::string(op) + ".lir");
  EXPECT_TRUE(bytes.has_value()) << op;
  std::string text(bytes->begin(), bytes->end());
  const std::string separator = "// -----\n";
  std::vector<ir::Module> modules;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t next = text.find(separator, at);
    const std::string one = text.substr(at, next - at);
    at = next == std::string::npos ? next : next + separator.size();
    if (one.find("// error:") != std::string::npos) continue;
    SourceManager sources;
    Diagnostics diagnostics(sources);
    auto module = ir::read(sources.add("case.lir", one), {}, diagnostics);
    EXPECT_TRUE(module.has_value()) << diagnostics.text();
    if (module) modules.push_back(std::move(*module));
  }
  return modules;
}

class KernelOp : public testing::TestWithParam<const ir::OpDef*> {};

TEST_P(KernelOp, AgreesWithTheEvaluatorOnItsCases) {
  const FoundTarget target = find_target("native");
  ASSERT_TRUE(target.ok);
  int checked = 0;
  for (const ir::Module& module : cases_of(GetParam()->name)) {
    ir::Graph kernel = module.graphs.front();
    // Lists that are constants are tables of the product, which no kernel holds; nothing is called
    // for what has no elements.
    const bool empty = std::ranges::any_of(
        kernel.values(), [](const ir::Value& value) { return value.type.elements() == 0; });
    if (empty || !passes::family(passes::kGeneric).fits(kernel).empty()) continue;
    kernel.name = "k";
    kernel.schedule = ir::Schedule{std::string(passes::kGeneric), {}};
    const KernelCheck check = check_kernel(kernel, target.target, 1);
    EXPECT_EQ(check.error, "") << ir::print(kernel);
    ++checked;
  }
  EXPECT_GT(checked, 0) << "tests/ops/ has no case of it that is a kernel";
}

std::vector<const ir::OpDef*> kernel_ops() {
  std::vector<const ir::OpDef*> ops;
  std::ranges::copy_if(ir::all_ops(), std::back_inserter(ops),
                       [](const ir::OpDef* op) { return ir::has_kernel(*op); });
  return ops;
}

INSTANTIATE_TEST_SUITE_P(Each, KernelOp, testing::ValuesIn(kernel_ops()),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace linnet::codegen
