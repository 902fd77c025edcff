// Models with several outputs of classes, as the executable and `linnet run` show them.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;

// Both outputs are softmax([0, 2]) to a reader, but only `sure` is a softmax in the model: its
// 0.881 are a probability already, while the other's 2 must not be shown as 200 %.
TEST_F(Command, EachOutputOfClassesIsAProbabilityByItsOwnGraph) {
  write("two.lin", R"(model two(x: f32[N, 2]) -> (raw: f32[N, 2], sure: f32[N, 2]) {
  (x * 1, softmax(x) |> reshape([N, 2]))
}
data two {
  x: table(columns: ["a", "b"], scale: raw)
  raw: classes(labels: ["left", "right"])
  sure: classes(labels: ["no", "yes"])
}
)");
  write("rows.csv", "a,b\n0,2\n3,0\n");
  ASSERT_EQ(linnet("compile two.lin -o two"), 0) << err_;
  ASSERT_EQ(run("./two rows.csv"), 0) << err_;
  EXPECT_EQ(out_, "1  right   88.1 %  yes   88.1 %\n2  left   95.3 %  no   95.3 %\n");
}

}  // namespace
}  // namespace linnet
