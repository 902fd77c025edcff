// Kernels of a training step against the evaluator: convolutions whose weights are known only at
// run time, their gradients as convolutions of transposes, sums over samples and pixels.
#include "codegen/check/check_kernel.h"
#include "ir/builder.h"
#include "ir/print.h"
#include "passes/run/run_pipeline.h"

#include <gtest/gtest.h>

namespace linnet::codegen {
namespace {

using ir::Ints;
using ir::Shape;
using ir::ValueId;

ir::Type f32(Shape shape) {
  return {ir::DType::kF32, std::move(shape), {}};
}

// A graph under construction; `expect` compiles it for each target this machine runs.
struct Model {
  ir::Graph graph;
  ir::Builder build = ir::Builder(graph).at(ir::Place::named("test"));

  explicit Model() { graph.name = "predict"; }
  // An input in exact memory, or with `padded` a copy of it in the arena.
  ValueId input(const Shape& shape, bool padded) {
    const ValueId x = graph.add_input("x", f32(shape));
    return padded ? build.create(ir::ops::neg, {x}) : x;
  }
  ValueId swapped(ValueId x) {
    return build.create(ir::ops::transpose, {x}, {{"dims", Ints{1, 0, 2, 3}}});
  }
  // Every kernel agrees with the evaluator, and one is of this family.
  void expect(const std::string& family, ValueId result) {
    ir::Module module;
    module.name = "m";
    graph.outputs = {{"y", result, ""}};
    for (const char* name : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
      const FoundTarget target = find_target(name);
      if (!runs_here(target.target)) continue;
      module.graphs = {graph};
      passes::PassContext context;
      context.target = target.target.info;
      const auto planned = passes::run_pipeline(module, passes::pipeline(), {}, context);
      std::string families;
      for (const ir::Graph& kernel : planned.module.kernels) {
        families += kernel.schedule->family + " ";
        const KernelCheck check = check_kernel(kernel, target.target, 1);
        EXPECT_EQ(check.error, "") << name << "\n" << ir::print(kernel);
      }
      EXPECT_NE(families.find(family), std::string::npos) << name << ": " << families;
    }
  }
};

void expect_forward(const std::string& family, const Shape& x, const Shape& w,
                    const ir::Attrs& attrs, bool padded) {
  Model m;
  const ValueId conv =
      m.build.create(ir::ops::conv2d, {m.input(x, padded), m.input(w, padded)}, attrs);
  const ValueId bias = m.input({w[0], 1, 1}, padded);
  m.expect(family, m.build.create(ir::ops::relu, {m.build.create(ir::ops::add, {conv, bias})}));
}

TEST(PixelRows, Forward) {
  for (int64_t width : {5, 14, 28, 35}) {
    expect_forward("pixel_rows", {2, 1, 8, width}, {6, 1, 5, 5}, {{"padding", Ints{2, 2, 2, 2}}},
                   width == 14);
    expect_forward("pixel_rows", {2, 2, 7, width + 2}, {1, 2, 3, 3}, {}, width == 28);
  }
  expect_forward("pixel_rows", {1, 2, 9, 9}, {1, 2, 3, 4}, {{"padding", Ints{2, 1, 0, 3}}}, false);
  expect_forward("pixel_rows", {3, 1, 6, 28}, {1, 1, 1, 13}, {}, true);
}

TEST(Direct, WeightsKnownAtRunTime) {
  expect_forward("direct", {2, 6, 9, 9}, {16, 6, 5, 5}, {}, false);
  expect_forward("direct", {3, 3, 8, 7}, {20, 3, 3, 3}, {{"padding", Ints{1, 1, 1, 1}}}, true);
  expect_forward("direct", {5, 2, 5, 5}, {16, 2, 3, 3}, {{"stride", Ints{2, 2}}}, false);
}

TEST(PooledRows, WeightsKnownAtRunTime) {
  Model m;
  const ValueId conv =
      m.build.create(ir::ops::conv2d, {m.input({2, 1, 8, 28}, false), m.input({3, 1, 5, 5}, false)},
                     {{"padding", Ints{2, 2, 2, 2}}});
  m.expect("pooled_rows",
           m.build.create(ir::ops::max_pool2d, {conv}, {{"kernel_size", Ints{2, 2}}}));
}

TEST(Direct, PicturesTooLargeToPadOnTheStack) {
  expect_forward("direct", {2, 16, 20, 20}, {16, 16, 3, 3}, {{"padding", Ints{1, 1, 1, 1}}}, false);
}

// The gradient of the input of a convolution without stride: of the result's gradient with the
// weight turned by half a turn.
TEST(PixelRows, GradientOfTheInput) {
  for (int64_t kernel : {3, 5}) {
    for (int64_t size : {4, 10}) {
      Model m;
      const ValueId g = m.input({2, 4, size, size}, size == 10);
      const ValueId w = m.input({4, 6, kernel, kernel}, false);
      const ValueId turned = m.build.create(ir::ops::slice, {m.swapped(w)},
                                            {{"starts", Ints{-1, -1}},
                                             {"ends", Ints{-100, -100}},
                                             {"axes", Ints{2, 3}},
                                             {"steps", Ints{-1, -1}}});
      const int64_t pad = kernel - 1;
      const ValueId conv =
          m.build.create(ir::ops::conv2d, {g, turned}, {{"padding", Ints{pad, pad, pad, pad}}});
      const ValueId y = m.input({2, 6, size + pad, size + pad}, size == 10);
      m.expect("pixel_rows", m.build.create(ir::ops::mul, {conv, y}));
    }
  }
}

// The gradient of a convolution's weight: a convolution of transposes, strides and dilations
// exchanged.
void expect_weight_gradient(const std::string& family, const Shape& x, const Shape& g,
                            const ir::Attrs& attrs, bool padded) {
  Model m;
  const ValueId a = m.swapped(m.input(x, padded));
  const ValueId b = m.swapped(m.input(g, padded));
  const ValueId d = m.swapped(m.build.create(ir::ops::conv2d, {a, b}, attrs));
  const ValueId v = m.input(m.build.type(d).shape, padded);
  m.expect(family, m.build.create(ir::ops::add, {d, v}));
}

TEST(Taps, GradientOfTheWeight) {
  for (int64_t width : {9, 19, 28}) {
    expect_weight_gradient("taps", {5, 2, 8, width}, {5, 3, 4, width - 4}, {}, width == 28);
    expect_weight_gradient("taps", {3, 1, 9, width}, {3, 1, 9, width},
                           {{"padding", Ints{1, 1, 1, 1}}}, false);
  }
  // Of a convolution with stride 2 or dilation 2 along rows.
  expect_weight_gradient("taps", {4, 1, 11, 16}, {4, 3, 5, 12}, {{"dilation", Ints{2, 1}}}, true);
  expect_weight_gradient("taps", {4, 1, 12, 16}, {4, 3, 8, 12}, {{"stride", Ints{2, 1}}}, true);
}

TEST(Direct, GradientOfTheWeight) {
  expect_weight_gradient("direct", {5, 6, 9, 9}, {5, 16, 5, 5}, {}, false);
  expect_weight_gradient("direct", {3, 2, 14, 14}, {3, 20, 12, 12}, {}, true);
  expect_weight_gradient("direct", {3, 2, 12, 12}, {3, 16, 5, 5}, {{"dilation", Ints{2, 2}}}, true);
  expect_weight_gradient("direct", {3, 2, 8, 8}, {3, 16, 8, 8}, {{"padding", Ints{1, 1, 1, 1}}},
                         false);
}

TEST(Sums, OverSamplesAndPixels) {
  struct Case {
    Shape x;
    Ints dim;
  };
  const std::vector<Case> cases = {{{16, 3, 7, 9}, {0, 2, 3}}, {{4, 6, 28, 28}, {0, 2, 3}},
                                   {{2, 3, 300}, {-1}},        {{5, 64, 16}, {}},
                                   {{2, 1031}, {1}},           {{300, 5}, {0, 1}}};
  for (const Case& c : cases) {
    for (const ir::OpDef* op : {&ir::ops::sum, &ir::ops::mean}) {
      Model m;
      const ValueId a = m.input(c.x, false);
      const ValueId x = m.build.create(ir::ops::mul, {a, a});
      const bool keep = op == &ir::ops::mean;
      const ValueId sum = m.build.create(*op, {x}, {{"dim", c.dim}, {"keepdim", keep}});
      m.expect("sums", m.build.create(ir::ops::exp, {m.build.create(ir::ops::neg, {sum})}));
    }
  }
}

}  // namespace
}  // namespace linnet::codegen
