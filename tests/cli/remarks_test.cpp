// What compile says unasked of its kernels, --weights-dtype, and outputs that are no file.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

class Remarks : public Command {
protected:
  // A perceptron whose first weight is larger than the second-level cache.
  void SetUp() override {
    Command::SetUp();
    write("mlp.lin", "model mlp(x: f32[N, 600]) -> y: f32[N, 8] {\n  layer a = linear(500)\n"
                     "  layer b = linear(8)\n  x |> a |> relu |> b\n}\n");
  }
};

TEST_F(Remarks, CompileNamesWhatNoFastFamilyTakes) {
  write("m.lin", "model m(x: f32[N, 3, 100, 100]) -> y: f32[N, 3, 98, 98] {\n"
                 "  x |> max_pool2d(3, stride: 1)\n}\n");
  EXPECT_EQ(linnet("compile m.lin --emit obj"), 0);
  EXPECT_THAT(err_, HasSubstr("m.lin:2:8: remark: group %max_pool2d has no fast kernel: generic "
                              "computes its 259308 elements of its windows; pool: channels 3 "
                              "fill no vector of 4"));
  EXPECT_EQ(linnet("compile mlp.lin --emit obj"), 0);
  EXPECT_THAT(err_, Not(HasSubstr("remark")));
}

TEST_F(Remarks, WeightsMayBeStoredInHalf) {
  ASSERT_EQ(linnet("init mlp.lin -o w.safetensors"), 0) << err_;
  const std::string model = " mlp.lin --weights w.safetensors --target x86-64-v3";
  ASSERT_EQ(linnet("compile" + model + " --emit obj -o f32.o"), 0) << err_;
  for (const std::string dtype : {"bf16", "f16"}) {
    ASSERT_EQ(linnet("compile" + model + " --emit obj -o half.o --weights-dtype " + dtype), 0);
    EXPECT_THAT(err_, HasSubstr("remark: the weight f32[600,500] of group %relu is stored as " +
                                dtype + ": 600000 bytes less; on a probe its product is off by "));
    EXPECT_THAT(err_, Not(HasSubstr("f32[500,8]")));
    EXPECT_LT(text("half_constants.o").size() + 590000, text("f32_constants.o").size());
  }
  // The right numbers: of weights that bf16 and f16 have, to the last bit.
  ASSERT_EQ(linnet("compile mlp.lin --seed 3 --target x86-64-v2 --weights-dtype f16 --emit obj"),
            0);
  EXPECT_THAT(err_, HasSubstr("no weight is stored as f16: none waits for memory"));
  EXPECT_EQ(linnet("compile mlp.lin --weights-dtype f64"), 2);
  EXPECT_EQ(linnet("dump" + model + " --weights-dtype bf16"), 0);
  EXPECT_THAT(err_, HasSubstr("--weights-dtype: narrow_weights does not run"));
  EXPECT_EQ(linnet("kernel" + model + " --weights-dtype bf16"), 2);  // IR is what it is given
  ASSERT_EQ(linnet("dump" + model + " --weights-dtype bf16 --after plan_memory -o half.lir"), 0);
  EXPECT_THAT(text("half.lir"), HasSubstr("= cast(%"));
  EXPECT_EQ(linnet("kernel half.lir --target x86-64-v3"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("dense{"));
}

TEST_F(Remarks, TuningThatIsNotReachedIsSaid) {
  write("t.tuning", "");
  EXPECT_EQ(linnet("dump mlp.lin --tuning t.tuning"), 0);
  EXPECT_THAT(err_, HasSubstr("warning: --tuning t.tuning: choose_schedules does not run"));
  EXPECT_EQ(linnet("dump mlp.lin --tuning t.tuning --after fuse_pool"), 0);
  EXPECT_THAT(err_, HasSubstr("the pipeline ends with fuse_pool before it"));
  EXPECT_EQ(linnet("dump mlp.lin --tuning t.tuning --after choose_schedules"), 0);
  EXPECT_THAT(err_, Not(HasSubstr("warning")));
  EXPECT_EQ(linnet("dump mlp.lin --tuning t.tuning --all"), 0);
  EXPECT_THAT(err_, Not(HasSubstr("warning")));
}

TEST_F(Remarks, StandardOutputIsNoFile) {
  for (const std::string call :
       {"compile mlp.lin -o -", "init mlp.lin -o -", "tune mlp.lin -o -"}) {
    EXPECT_EQ(linnet(call), 2) << call;
    EXPECT_THAT(err_, HasSubstr("a file of this name is ./-")) << call;
    EXPECT_EQ(run("test -e ./-"), 1) << call;
  }
  EXPECT_EQ(linnet("init mlp.lin -o ./-"), 0) << err_;
  EXPECT_EQ(run("test -s ./-"), 0);
}

}  // namespace
}  // namespace linnet
