// Machines with few vector registers: every group gets a schedule, whatever its window.
#include "ir/read.h"
#include "passes/run/run_pipeline.h"
#include "support/source.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace linnet::passes {
namespace {

TEST(FewRegisters, APoolOfAnyWindowHasASchedule) {
  for (const int64_t registers : {4, 8, 16}) {
    for (const auto& [rows, columns] :
         std::vector<std::pair<int, int>>{{1, 2}, {1, 5}, {2, 3}, {1, 7}, {3, 3}, {5, 6}}) {
      const std::string text =
          fmt::format(R"(lir 1
module m
graph @predict(%x: f32[1,2,12,14], %w: f32[8,2,2,3]) {{
  %c: f32[1,8,11,12] = conv2d(%x, %w)
  %p: f32[1,8,{},{}] = max_pool2d(%c) {{kernel_size = [{}, {}]}}
  return y = %p
}}
)",
                      (11 - rows) / rows + 1, (12 - columns) / columns + 1, rows, columns);
      SourceManager sources;
      Diagnostics diagnostics(sources);
      auto module = ir::read(sources.add("m.lir", text), {}, diagnostics);
      ASSERT_TRUE(module.has_value()) << diagnostics.text();
      PassContext context;
      context.target.vector_bytes = 16;
      context.target.vector_registers = registers;
      const auto planned = run_pipeline(std::move(*module), pipeline(), {}, context);
      EXPECT_EQ(planned.broken, "");
      for (const ir::Graph& kernel : planned.module.kernels)
        EXPECT_TRUE(kernel.schedule.has_value());
    }
  }
}

}  // namespace
}  // namespace linnet::passes
