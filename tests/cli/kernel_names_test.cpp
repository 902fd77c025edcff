// Kernels bear the names of their layers: in dumps, bench, symbols.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(Command, KernelsAreCalledAfterTheirLayers) {
  EXPECT_EQ(linnet("dump $S/models/lenet.lin --after plan_memory"), 0);
  EXPECT_THAT(out_, HasSubstr("kernel @conv1_relu_max_pool2d("));
  EXPECT_THAT(out_, HasSubstr("call @fc1_relu("));
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --emit lib --batch 8"), 0) << err_;
  ASSERT_EQ(run("nm liblenet.a"), 0);
  EXPECT_THAT(out_, HasSubstr(" t lenet_conv1_relu_max_pool2d\n"));
  EXPECT_THAT(out_, HasSubstr(" t lenet_conv1_relu_max_pool2d_2\n"));  // of the entry for one
}

// A layer may be called like a function of the library, or like a constant of its header.
TEST_F(Command, KernelsDoNotTakeTheNamesOfFunctions) {
  write(
      "m.lin", R"(model m(x: f32[N, 100]) -> y: f32[N, 100] {
  layer run = linear(100)
  layer supported = linear(100)
  x |> run |> supported
}
data m {
  x: table(columns: [)" +
                   [] {
                     std::string columns;
                     for (int i = 0; i < 100; ++i)
                       columns += (i ? ", \"c" : "\"c") + std::to_string(i) + "\"";
                     return columns;
                   }() +
                   R"(])
}
)");
  ASSERT_EQ(linnet("compile m.lin --emit lib"), 0) << err_;
  write("m.c", "#include \"m.h\"\nstatic float x[100], y[100];\nstatic _Alignas(64) unsigned char "
               "a[M_ARENA_BYTES + 1];\nint main(void) { return m_supported() ? m_run(x, y, a) : 9; "
               "}\n");
  ASSERT_EQ(run("cc -std=c11 m.c libm.a -o m && ./m && nm libm.a"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr(" t m_run_2\n"));
  EXPECT_THAT(out_, HasSubstr(" t m_supported_2\n"));
}

TEST_F(Command, DebugSymbolsStayInTheExecutable) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin -o plain"), 0) << err_;
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --debug-symbols -o kept"), 0) << err_;
  ASSERT_EQ(run("nm kept; nm plain 2>&1; readelf -S kept"), 0);
  EXPECT_THAT(out_, HasSubstr(" t lenet_conv1_relu_max_pool2d\n"));
  EXPECT_THAT(out_, HasSubstr("no symbols"));
  // The same code: only what tells of it is more.
  const std::string picture = "$S/models/data/digits/3.png";
  ASSERT_EQ(run("./plain " + picture), 0);
  const std::string answer = out_;
  ASSERT_EQ(run("./kept " + picture), 0);
  EXPECT_EQ(out_, answer);
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --debug-symbols --emit obj"), 0) << err_;
  ASSERT_EQ(run("readelf -S lenet.o"), 0);
  EXPECT_THAT(out_, HasSubstr(".eh_frame"));  // gdb and perf find the callers
}

}  // namespace
}  // namespace linnet
