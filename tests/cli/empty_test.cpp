// Tensors without elements: compiled models give the evaluator's values, and no kernel sees one.
#include "tests/cli/command.h"

#include "base/io/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace linnet {
namespace {

using testing::Each;
using testing::HasSubstr;

class Empty : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    std::vector<float> w(24);
    for (size_t i = 0; i < w.size(); ++i)
      w[i] = static_cast<float>(i) - 12;
    save("w.npy", {2, 3, 4}, w);
    save("x.npy", {2, 0, 4}, {});
  }
  void save(const std::string& name, const std::vector<int64_t>& shape,
            const std::vector<float>& values) {
    ASSERT_TRUE(write_npy(folder_ + "/" + name, DType::kF32, shape, values.data()));
  }
  Tensor load(const std::string& name) {
    auto tensor = read_npy(folder_ + "/" + name + ".npy");
    EXPECT_TRUE(tensor.has_value()) << name;
    return tensor ? std::move(*tensor) : Tensor{};
  }
  // Output `name`, compiled and by the evaluator: equal to the bit.
  std::vector<float> output(const std::string& name, const std::vector<int64_t>& shape) {
    const Tensor a = load("compiled/" + name), b = load("reference/" + name);
    EXPECT_EQ(a.shape, shape) << name;
    EXPECT_EQ(b.shape, shape) << name;
    EXPECT_EQ(a.data, b.data) << name;
    const auto values = a.as<float>();
    return {values.begin(), values.end()};
  }
  void run_both(const std::string& arguments) {
    EXPECT_EQ(linnet("run " + arguments + " --output-dir compiled"), 0) << err_;
    EXPECT_EQ(linnet("run " + arguments + " --output-dir reference --reference"), 0) << err_;
  }
};

}  // namespace

TEST_F(Empty, AreGoneBeforeKernels) {
  write("m.lir", "lir 1\n\nmodule m\n\n"
                 "graph @predict(%x: f32[2,0,4], %w: f32[2,3,4]) {\n"
                 "  %r: f32[2,0,4] = relu(%x)\n"
                 "  %s: f32[2,4] = sum(%r) {dim = [1]}\n"
                 "  %n: f32[2,4] = mean(%x) {dim = [1]}\n"
                 "  %m: f32[2,1,4] = amax(%x) {dim = [1], keepdim = true}\n"
                 "  %above: f32[2,3,4] = maximum(%w, %m)\n"
                 "  %one: f32[2,3,4] = concat(%r, %w) {dim = 1}\n"
                 "  %two: f32[2,6,4] = concat(%w, %x, %one) {dim = 1}\n"
                 "  %none: f32[2,0,4] = concat(%x, %r) {dim = 1}\n"
                 "  %t: f32[2,4,0] = transpose(%x)\n"
                 "  %p: f32[2,4,4] = matmul(%t, %r)\n"
                 "  %e: f32[2,0,0] = matmul(%r, %t)\n"
                 "  %z: f32[2,400,4] = pad(%none) {pads = [0, 399, 0, 0, 1, 0], value = 2.5}\n"
                 "  %i: i64[0] = constant []\n"
                 "  %g: f32[2,0,4] = gather(%w, %i) {dim = 1}\n"
                 "  %l: f32[2,0,4] = softmax(%g) {dim = 1}\n"
                 "  return r = %r, s = %s, n = %n, above = %above, one = %one, two = %two, p = %p,"
                 " e = %e, z = %z, g = %g, l = %l, same = %x\n}\n");
  run_both("m.lir --input x=x.npy --input w=w.npy");
  for (const char* name : {"r", "g", "l", "same"})
    EXPECT_TRUE(output(name, {2, 0, 4}).empty());
  EXPECT_TRUE(output("e", {2, 0, 0}).empty());
  EXPECT_THAT(output("s", {2, 4}), Each(0.0F));
  EXPECT_THAT(output("n", {2, 4}), Each(testing::IsNan()));
  EXPECT_THAT(output("p", {2, 4, 4}), Each(0.0F));
  EXPECT_THAT(output("z", {2, 400, 4}), Each(2.5F));
  const Tensor file = *read_npy(folder_ + "/w.npy");
  const auto w = file.as<float>();
  EXPECT_THAT(output("above", {2, 3, 4}), testing::ElementsAreArray(w));
  EXPECT_THAT(output("one", {2, 3, 4}), testing::ElementsAreArray(w));
  EXPECT_EQ(output("two", {2, 6, 4})[12], w[0]);
  EXPECT_EQ(linnet("dump m.lir --all --check-passes"), 0) << err_;
  EXPECT_EQ(linnet("dump m.lir --after plan_memory"), 0) << err_;
  const std::string kernels = out_.substr(out_.find("kernel"), out_.find("graph @"));
  EXPECT_EQ(kernels.find("[2,0"), std::string::npos) << out_;
}

// A model without a single kernel.
TEST_F(Empty, MayBeAllThereIs) {
  write("m.lir", "lir 1\n\nmodule m\n\n"
                 "graph @predict(%x: f32[2,0,4]) {\n"
                 "  %r: f32[2,0,4] = relu(%x)\n"
                 "  %t: f32[0,8] = reshape(%r) {shape = [0, 8]}\n"
                 "  return r = %r, t = %t, same = %x\n}\n");
  run_both("m.lir --input x=x.npy");
  EXPECT_TRUE(output("r", {2, 0, 4}).empty());
  EXPECT_TRUE(output("t", {0, 8}).empty());
  EXPECT_TRUE(output("same", {2, 0, 4}).empty());
  EXPECT_EQ(linnet("compile m.lir --emit obj -o m.o"), 0) << err_;
  EXPECT_THAT(text("m.h"),
              HasSubstr("int m_run(const float *x, float *r, float *t, float *same, "));
}

}  // namespace linnet
