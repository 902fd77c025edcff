// linnet export: statuses and messages.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

using testing::HasSubstr;

TEST_F(Command, ExportSaysWhatItCannotDo) {
  EXPECT_EQ(linnet("export $S/models/ar.lin -o ar.onnx"), 0);
  EXPECT_EQ(err_, "warning: ar is untrained: its parameters are initial values\n");
  EXPECT_EQ(out_, "");
  const std::string first = text("ar.onnx");
  EXPECT_THAT(first, HasSubstr("head.weight"));
  EXPECT_EQ(linnet("export $S/models/ar.lin -o ar.onnx"), 0);
  EXPECT_EQ(text("ar.onnx"), first);
  EXPECT_EQ(linnet("export $S/models/ar.lin"), 2);
  EXPECT_EQ(linnet("export nothing.lin -o nothing.onnx"), 1);
  EXPECT_EQ(linnet("export $S/models/ar.lin -o /nonexistent/folder/x.onnx"), 4);
  EXPECT_EQ(linnet("export $S/models/ar.lin --weights $S/models/data/lenet.safetensors -o x.onnx"),
            1);
  EXPECT_FALSE(exists("x.onnx"));
  write("huge.lin", "model m(x: f32[N, 150528]) -> f32[...] { layer a = linear(100000); a(x) }\n");
  EXPECT_EQ(linnet("export huge.lin -o huge.onnx"), 3);
  EXPECT_THAT(err_, HasSubstr("more than the 2 GiB"));
  EXPECT_FALSE(exists("huge.onnx"));
}

TEST_F(Command, OnlyAModelBeforeThePassesIsExported) {
  EXPECT_EQ(linnet("dump $S/models/ar.lin --after group_kernels -o grouped.lir"), 0);
  EXPECT_EQ(linnet("export grouped.lir -o grouped.onnx"), 3);
  EXPECT_THAT(err_, HasSubstr("group cannot be exported: it comes from the passes"));
  EXPECT_FALSE(exists("grouped.onnx"));
}

}  // namespace
}  // namespace linnet
