// --threads of compile, run, bench and dump, and of executables.
#include "tests/cli/command.h"

#include "base/io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

// One convolution that is worth threads, and a small product that is not.
constexpr const char* kModel = R"(model m(x: f32[N, 16, 64, 64]) -> y: f32[N, 10] {
  layer conv = conv2d(32, kernel_size: 3, padding: 1)
  layer out = linear(10)
  x |> conv |> relu |> max_pool2d(2) |> flatten |> out
}
)";

class ThreadsOption : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("m.lin", kModel);
    Tensor x = make_tensor(DType::kF32, {1, 16, 64, 64});
    auto* values = reinterpret_cast<float*>(x.data.data());
    for (int i = 0; i < 16 * 64 * 64; ++i)
      values[i] = static_cast<float>(i * 7919 % 1000) / 1000 - 0.5F;
    ASSERT_TRUE(write_npy(folder_ + "/x.npy", x));
  }
};

TEST_F(ThreadsOption, OneIsTheSameAsNone) {
  ASSERT_EQ(linnet("compile m.lin --emit obj -o none.o && mv m.h none.h"), 0) << err_;
  ASSERT_EQ(linnet("compile m.lin --emit obj -o one.o --threads 1"), 0) << err_;
  EXPECT_EQ(run("cmp none.o one.o && cmp none_constants.o one_constants.o && cmp none.h m.h"), 0);
  EXPECT_FALSE(exists("one_threads.o"));
  ASSERT_EQ(linnet("compile m.lin --emit obj -o two.o --threads 2"), 0) << err_;
  EXPECT_TRUE(exists("two_threads.o"));
  EXPECT_THAT(text("m.h"), HasSubstr("int m_threads_start(int count, int spin);"));
}

TEST_F(ThreadsOption, ChangesNoBitOfAnExecutableNorOfRun) {
  // Threads would share what a kernel of winograd works in, so there is none with them.
  ASSERT_EQ(linnet("compile m.lin -o one --disable-family winograd"), 0) << err_;
  ASSERT_EQ(linnet("compile m.lin -o four --threads 4"), 0) << err_;
  ASSERT_EQ(linnet("compile m.lin -o alone --threads 4 --static"), 0) << err_;
  ASSERT_EQ(linnet("run m.lin --input x=x.npy --output-dir . --threads 3 && mv y.npy run.npy"), 0)
      << err_;
  for (const char* call : {"one", "one --threads 1", "four", "four --threads 1", "four --threads 2",
                           "four --threads 3", "alone", "alone --threads 2"}) {
    ASSERT_EQ(
        run(std::string("./") + call + " --input x=x.npy --output-dir . && cmp y.npy run.npy"), 0)
        << call << err_;
  }
  EXPECT_EQ(run("./four --threads 5 --input x=x.npy"), 2);
  EXPECT_THAT(err_, HasSubstr("--threads 5: it was compiled for 4; linnet compile --threads N\n"));
  EXPECT_EQ(run("./one --threads 2 --input x=x.npy"), 2);
  EXPECT_THAT(err_, HasSubstr("--threads 2: it was compiled for 1; "));
  ASSERT_EQ(run("./four --help; ./one --help"), 0);
  EXPECT_THAT(out_,
              HasSubstr("  --threads N   threads of a call, at most 4, which it has without"));
}

TEST_F(ThreadsOption, SplitsWhatIsWorthIt) {
  ASSERT_EQ(linnet("dump m.lin --after plan_memory --threads 2 --explain choose_schedules"), 0)
      << err_;
  EXPECT_THAT(out_, testing::ContainsRegex("kernel @conv.*threads=1"));
  EXPECT_THAT(out_, Not(testing::ContainsRegex("kernel @out.*threads=1")));
  EXPECT_THAT(err_,
              testing::ContainsRegex("remark: group %[a-z0-9_]+ in several threads: work of"));
  EXPECT_THAT(err_, testing::ContainsRegex("remark: not: group %out in several threads: work of"));
  ASSERT_EQ(linnet("dump m.lin --after plan_memory"), 0) << err_;
  EXPECT_THAT(out_, Not(HasSubstr("threads=1")));
}

// By hand too: without --threads such a kernel does its tiles alone.
TEST_F(ThreadsOption, AKernelsScheduleIsText) {
  ASSERT_EQ(linnet("dump m.lin --after plan_memory --threads 2 -o m.lir"), 0) << err_;
  ASSERT_EQ(linnet("kernel m.lir"), 0) << err_;
  ASSERT_EQ(linnet("compile m.lir -o m && ./m --input x=x.npy --output-dir ."), 0) << err_;
  ASSERT_EQ(run("mv y.npy hand.npy"), 0);
  ASSERT_EQ(linnet("run m.lin --disable-family winograd --input x=x.npy --output-dir . && "
                   "cmp y.npy hand.npy"),
            0)
      << err_;
}

// They would share the memory it works in.
TEST_F(ThreadsOption, HaveNoWinograd) {
  ASSERT_EQ(linnet("dump m.lin --after plan_memory"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("winograd{"));
  ASSERT_EQ(linnet("dump m.lin --after plan_memory --threads 2 --explain choose_schedules"), 0);
  EXPECT_THAT(out_, Not(HasSubstr("winograd{")));
  EXPECT_THAT(err_, HasSubstr("winograd: threads would share what it works in"));
}

TEST_F(ThreadsOption, SaysWhenNothingIsShared) {
  ASSERT_EQ(linnet("compile $S/models/ar.lin --threads 2 --emit obj"), 0);
  EXPECT_THAT(err_, HasSubstr("--threads 2: no kernel of ar takes long enough to be shared"));
  ASSERT_EQ(linnet("compile m.lin --threads 2 --emit obj"), 0);
  EXPECT_THAT(err_, Not(HasSubstr("long enough")));
}

TEST_F(ThreadsOption, BenchTakesThem) {
  ASSERT_EQ(linnet("bench m.lin --threads 2 --rounds 1 --warm-up 1"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("conv_"));
}

}  // namespace
}  // namespace linnet
