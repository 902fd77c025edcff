// Kernels against the evaluator: every op of the generic family, grids of the fast families over
// sizes, strides, pads and targets, kernels of random graphs. Exact memory lies at guard pages.
#include "codegen/check/check_kernel.h"
#include "ir/builder.h"
#include "ir/print.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"
#include "tests/codegen/op_kernels.h"
#include "tests/passes/random_graphs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace linnet::codegen {
namespace {

using ir::DType;
using ir::Shape;
using ir::ValueId;

const std::vector<std::string> kTargets = {"x86-64-v2", "x86-64-v3", "x86-64-v4"};

void expect_right(const ir::Graph& kernel, const std::string& name = "native") {
  const FoundTarget target = find_target(name);
  ASSERT_TRUE(target.ok);
  if (!runs_here(target.target)) return;
  const KernelCheck check = check_kernel(kernel, target.target, 1);
  EXPECT_EQ(check.error, "") << name << "\n" << ir::print(kernel);
}

ir::Type f32(Shape shape) {
  return {DType::kF32, std::move(shape), {}};
}

class Elementwise : public testing::TestWithParam<const ir::OpDef*> {};

TEST_P(Elementwise, AgreesForEveryType) {
  const auto list = elementwise_types(*GetParam());
  EXPECT_FALSE(list.empty());
  for (const auto& types : list)
    expect_right(kernel_of(*GetParam(), types));
}

INSTANTIATE_TEST_SUITE_P(Ops, Elementwise, testing::ValuesIn(elementwise_ops()),
                         [](const auto& info) { return std::string(info.param->name); });

// Half of the random inputs are negative: their logarithms are NaN.
TEST(Generic, NanIsSeen) {
  for (const ir::OpDef* op : {&ir::ops::is_nan, &ir::ops::sign, &ir::ops::relu}) {
    ir::Graph graph = kernel_of(ir::ops::log, {f32({3, 37})});
    const ValueId seen =
        ir::Builder(graph).at(ir::Place::named("test")).create(*op, {graph.outputs.front().value});
    graph.outputs.front().value = seen;
    for (const std::string& target : kTargets)
      expect_right(graph, target);
  }
}

TEST(Generic, Convolutions) {
  struct Case {
    Shape x, w;
    ir::Attrs attrs;
  };
  const std::vector<Case> cases = {
      {{1, 3, 7, 9}, {5, 3, 3, 3}, {}},
      {{2, 2, 8, 8}, {4, 2, 3, 2}, {{"stride", ir::Ints{2, 3}}}},
      {{1, 2, 5, 6}, {3, 2, 3, 3}, {{"padding", ir::Ints{2, 0, 1, 3}}}},
      {{1, 2, 9, 9}, {3, 2, 3, 3}, {{"dilation", ir::Ints{2, 3}}}},
      {{1, 6, 6, 6}, {4, 3, 3, 3}, {{"groups", int64_t{2}}, {"padding", ir::Ints{1, 1, 1, 1}}}},
      {{1, 8, 5, 5}, {8, 1, 3, 3}, {{"groups", int64_t{8}}, {"stride", ir::Ints{2, 2}}}},
      {{1, 1, 1, 1}, {1, 1, 1, 1}, {}},
      {{3, 2, 4, 35}, {2, 2, 1, 1}, {}}};
  for (const Case& c : cases) {
    for (const std::string& target : kTargets)
      expect_right(kernel_of(ir::ops::conv2d, {f32(c.x), f32(c.w)}, c.attrs), target);
  }
}

TEST(Generic, Pools) {
  const std::vector<ir::Attrs> cases = {
      {{"kernel_size", ir::Ints{2, 2}}},
      {{"kernel_size", ir::Ints{3, 2}}, {"stride", ir::Ints{1, 2}}},
      {{"kernel_size", ir::Ints{3, 3}},
       {"stride", ir::Ints{2, 2}},
       {"padding", ir::Ints{1, 0, 1, 1}}},
      {{"kernel_size", ir::Ints{3, 3}}, {"stride", ir::Ints{2, 2}}, {"ceil_mode", true}},
      {{"kernel_size", ir::Ints{7, 7}}, {"stride", ir::Ints{1, 1}}}};
  for (const ir::Attrs& attrs : cases) {
    expect_right(kernel_of(ir::ops::max_pool2d, {f32({2, 3, 8, 21})}, attrs));
    expect_right(kernel_of(ir::ops::avg_pool2d, {f32({2, 3, 8, 21})}, attrs));
    ir::Attrs inner = attrs;
    inner.set("count_include_pad", false);
    expect_right(kernel_of(ir::ops::avg_pool2d, {f32({2, 3, 8, 21})}, inner));
  }
  for (const ir::Attrs& attrs :
       std::vector<ir::Attrs>{{{"kernel_size", ir::Ints{2, 2}}, {"dilation", ir::Ints{2, 3}}},
                              {{"kernel_size", ir::Ints{3, 2}},
                               {"stride", ir::Ints{2, 1}},
                               {"dilation", ir::Ints{2, 3}},
                               {"padding", ir::Ints{3, 1, 4, 2}},
                               {"ceil_mode", true}},
                              {{"kernel_size", ir::Ints{7, 7}},
                               {"stride", ir::Ints{2, 3}},
                               {"dilation", ir::Ints{3, 2}},
                               {"padding", ir::Ints{9, 7, 8, 9}}}}) {
    for (DType dtype : {DType::kF32, DType::kI64, DType::kI32, DType::kI8, DType::kU8})
      expect_right(kernel_of(ir::ops::max_pool2d, {{dtype, {1, 2, 9, 9}, {}}}, attrs));
    expect_right(kernel_of(ir::ops::avg_pool2d, {f32({1, 2, 9, 9})}, attrs));
    ir::Attrs inner = attrs;
    inner.set("count_include_pad", false);
    expect_right(kernel_of(ir::ops::avg_pool2d, {f32({1, 2, 9, 9})}, inner));
  }
}

TEST(Generic, Matmuls) {
  for (int64_t n : {1, 3, 16, 37}) {
    expect_right(kernel_of(ir::ops::matmul, {f32({5, 9}), f32({9, n})}));
    expect_right(kernel_of(ir::ops::matmul, {f32({5, 9}), f32({n, 9})}, {{"transpose_b", true}}));
  }
  expect_right(kernel_of(ir::ops::matmul, {f32({2, 1, 3, 4}), f32({5, 4, 6})}));
  for (DType dtype : {DType::kF64, DType::kI32, DType::kI64, DType::kI8, DType::kU8}) {
    const ir::Type a{dtype, {3, 4}, {}};
    const ir::Type b{dtype, {4, 5}, {}};
    expect_right(kernel_of(ir::ops::matmul, {a, b}));
  }
}

TEST(Generic, Reductions) {
  for (const ir::OpDef* op :
       {&ir::ops::sum, &ir::ops::mean, &ir::ops::prod, &ir::ops::amax, &ir::ops::amin}) {
    for (const ir::Ints& dim : {ir::Ints{}, ir::Ints{0}, ir::Ints{-1}, ir::Ints{0, 2}}) {
      for (bool keep : {false, true})
        expect_right(kernel_of(*op, {f32({3, 4, 19})}, {{"dim", dim}, {"keepdim", keep}}));
    }
  }
}

// Random integers are up to 2047, so that sums and products of enough of them wrap.
TEST(Generic, ReductionsOfIntegers) {
  for (const ir::OpDef* op : {&ir::ops::sum, &ir::ops::prod, &ir::ops::amax, &ir::ops::amin}) {
    for (DType dtype : {DType::kI64, DType::kI32, DType::kI8, DType::kU8}) {
      for (const ir::Ints& dim : {ir::Ints{}, ir::Ints{0}, ir::Ints{-1}})
        expect_right(kernel_of(*op, {{dtype, {3, 300, 19}, {}}}, {{"dim", dim}}));
    }
  }
}

TEST(Generic, DataMovement) {
  const ir::Type x = f32({3, 4, 19});
  expect_right(kernel_of(ir::ops::transpose, {x}));
  expect_right(kernel_of(ir::ops::transpose, {x}, {{"dims", ir::Ints{2, 0, 1}}}));
  expect_right(kernel_of(ir::ops::reshape, {x}, {{"shape", ir::Ints{6, 38}}}));
  expect_right(
      kernel_of(ir::ops::concat, {x, f32({3, 2, 19}), f32({3, 1, 19})}, {{"dim", int64_t{1}}}));
  expect_right(kernel_of(ir::ops::concat, {x, f32({3, 4, 3})}, {{"dim", int64_t{-1}}}));
  expect_right(kernel_of(ir::ops::slice, {x},
                         {{"starts", ir::Ints{1, -1}},
                          {"ends", ir::Ints{3, -20}},
                          {"axes", ir::Ints{0, 2}},
                          {"steps", ir::Ints{1, -2}}}));
  for (const char* mode : {"constant", "reflect", "edge"}) {
    expect_right(kernel_of(
        ir::ops::pad, {x},
        {{"pads", ir::Ints{1, 0, 2, 0, 3, 5}}, {"mode", ir::Enum{mode}}, {"value", 0.5}}));
  }
  expect_right(kernel_of(ir::ops::pad, {x}, {{"pads", ir::Ints{-1, 0, -2, 0, 1, -3}}}));
  expect_right(kernel_of(ir::ops::broadcast_to, {f32({4, 1})}, {{"shape", ir::Ints{3, 4, 19}}}));
  for (DType to : {DType::kF64, DType::kI32, DType::kI8, DType::kU8, DType::kBool, DType::kI64})
    expect_right(kernel_of(ir::ops::cast, {x}, {{"dtype", to}}));
  expect_right(kernel_of(ir::ops::cast, {{DType::kI64, {5, 7}, {}}}, {{"dtype", DType::kF32}}));
}

// Most random indices lie outside, at guard pages.
TEST(Generic, Gathers) {
  for (DType dtype : {DType::kI64, DType::kI32}) {
    for (const Shape& shape : {Shape{}, Shape{37}, Shape{5, 4}}) {
      const ir::Type indices{dtype, shape, {}};
      for (int64_t dim : {0, 1, 2})
        expect_right(kernel_of(ir::ops::gather, {f32({300, 19, 500}), indices}, {{"dim", dim}}));
    }
  }
  expect_right(kernel_of(ir::ops::gather, {{DType::kU8, {700, 3}, {}}, {DType::kI64, {9}, {}}}));
  expect_right(kernel_of(ir::ops::gather, {{DType::kBool, {700}, {}}, {DType::kI64, {99}, {}}}));
}

TEST(Generic, RandomNumbersAreThoseOfTheEvaluator) {
  const ir::Type word{DType::kI64, {}, {}};
  expect_right(kernel_of(ir::ops::random_uniform, {word, word},
                         {{"shape", ir::Ints{5, 7}}, {"stream", int64_t{3}}}));
  // A part of a whole: runs of whole blocks of four numbers, and others.
  for (const auto& [shape, run] : {std::pair{ir::Ints{5, 8}, int64_t{40}},
                                   {ir::Ints{5, 8}, int64_t{8}},
                                   {ir::Ints{5, 7}, int64_t{35}},
                                   {ir::Ints{5, 7}, int64_t{7}}}) {
    for (const ir::DType dtype : {DType::kF32, DType::kF64})
      expect_right(kernel_of(ir::ops::random_uniform, {word, word, word},
                             {{"shape", shape},
                              {"stream", int64_t{3}},
                              {"dtype", dtype},
                              {"parts", int64_t{3}},
                              {"run", run}}));
  }
}

TEST(Generic, Layouts) {
  for (const char* text : {"{nhwc}", "{nhwc, c:16}", "{nChw8c}", "{nChw16c}"}) {
    ir::Graph graph = kernel_of(ir::ops::relu, {f32({2, 5, 6, 7})});
    const auto layout = ir::layout_from_text(text, 4);
    ASSERT_TRUE(layout.has_value()) << text;
    for (ValueId id : {graph.inputs[0].value, graph.outputs[0].value}) {
      graph.value(id).type.layout = *layout;
      graph.value(id).storage = ir::Storage{ir::Memory::kArena, 0};
    }
    expect_right(graph);
  }
}

// ---- Families: kernels as the pipeline schedules them.

// The kernels that `graph` becomes on `target`, each compared with the evaluator; their families.
std::string expect_kernels_right(const ir::Graph& graph, const FoundTarget& target,
                                 const std::string& name) {
  ir::Module module;
  module.name = "m";
  module.graphs.push_back(graph);
  passes::PassContext context;
  context.target = target.target.info;
  const auto planned = passes::run_pipeline(std::move(module), passes::pipeline(), {}, context);
  std::string families;
  for (const ir::Graph& kernel : planned.module.kernels) {
    families += kernel.schedule->family + " ";
    expect_right(kernel, name);
  }
  return families;
}

// The kernels of a module of one anchor with constant weights, its bias, relu and pool.
void expect_scheduled(const std::string& family, const ir::OpDef& op, const Shape& x,
                      const Shape& w, const ir::Attrs& attrs, int64_t pool = 0) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    ir::Module module;
    module.name = "m";
    ir::Graph graph;
    graph.name = "predict";
    const ValueId input = graph.add_input("x", f32(x));
    ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
    const auto random = [](const Shape& shape) {
      const ir::Type type = f32(shape);
      std::vector<double> values;
      for (int64_t i = 0; i < type.elements(); ++i)
        values.push_back(static_cast<double>(i * 7 % 23) / 23 - 0.5);
      return ir::Tensor::from_doubles(type, values);
    };
    const ValueId weight = b.constant(random(w), "w");
    const ValueId anchor = b.create(op, {input, weight}, attrs, "c");
    const bool conv = op.name == "conv2d";
    const int64_t channels = conv ? w[0] : b.type(anchor).shape.back();
    const ValueId bias = b.constant(random(conv ? Shape{channels, 1, 1} : Shape{channels}), "b");
    ValueId value = b.create(ir::ops::relu, {b.create(ir::ops::add, {anchor, bias})});
    if (pool)
      value = b.create(ir::ops::max_pool2d, {value}, {{"kernel_size", ir::Ints{pool, pool}}});
    graph.outputs.push_back({"y", value, ""});
    module.graphs.push_back(std::move(graph));
    passes::PassContext context;
    context.target = target.target.info;
    const auto planned = passes::run_pipeline(std::move(module), passes::pipeline(), {}, context);
    // Of a depthwise one with padding the first is the copy with zeros around.
    ASSERT_LE(planned.module.kernels.size(), family == "depthwise" ? 2u : 1u);
    const ir::Graph& last = planned.module.kernels.back();
    EXPECT_TRUE(last.schedule->family == family || name == "x86-64-v2")
        << to_string(*last.schedule);
    for (const ir::Graph& kernel : planned.module.kernels)
      expect_right(kernel, name);
  }
}

// A gather takes the movement of its input and its indices into its kernel, constants too, and goes
// into the kernel of what reads it.
TEST(Generic, GathersInGroups) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    ir::Graph graph;
    graph.name = "predict";
    const ValueId x = graph.add_input("x", f32({9, 700}));
    const ValueId i = graph.add_input("i", {DType::kI64, {2, 20}, {}});
    ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
    const auto indices = [&](const Shape& shape, const std::vector<int64_t>& values) {
      return b.constant(ir::Tensor::from_ints({DType::kI64, shape, {}}, values), "c");
    };
    const ValueId rows = b.create(ir::ops::transpose, {x});
    const ValueId which = b.create(ir::ops::slice, {i},
                                   {{"starts", ir::Ints{1}},
                                    {"ends", ir::Ints{20}},
                                    {"axes", ir::Ints{1}},
                                    {"steps", ir::Ints{3}}});
    const ValueId taken = b.create(ir::ops::gather, {rows, which});  // [2,7,9]
    const ValueId some = b.create(ir::ops::gather, {taken, indices({3}, {-1, 2, 40})},
                                  {{"dim", int64_t{1}}});  // [2,3,9]
    const ValueId column =
        b.create(ir::ops::gather, {some, indices({}, {-2})}, {{"dim", int64_t{2}}});  // [2,3]
    graph.outputs.push_back({"y", b.create(ir::ops::amax, {some}, {{"dim", ir::Ints{1}}}), ""});
    graph.outputs.push_back({"z", b.create(ir::ops::relu, {column}), ""});
    // By indices that other kernels compute, of what others compute.
    const ValueId next = b.create(ir::ops::add, {i, indices({}, {5})});
    const ValueId later =
        b.create(ir::ops::gather, {b.create(ir::ops::exp, {x}), next}, {{"dim", int64_t{1}}});
    graph.outputs.push_back({"w", b.create(ir::ops::sum, {later}, {{"dim", ir::Ints{0}}}), ""});
    // The movement, y, z, what is gathered for w, its indices, w.
    EXPECT_EQ(expect_kernels_right(graph, target, name),
              "generic generic generic generic generic generic ");
  }
}

TEST(Dense, Grid) {
  for (int64_t m : {1, 3, 4, 9}) {
    for (int64_t k : {4, 7, 33, 100}) {
      for (int64_t n : {2, 10, 16, 37, 130})
        if ((m + k + n) % 2 == 0 || m == 1)
          expect_scheduled("dense", ir::ops::matmul, {m, k}, {k, n}, {});
    }
  }
  expect_scheduled("dense", ir::ops::matmul, {2, 13}, {21, 13}, {{"transpose_b", true}});
}

// A matmul whose operands are known only at run time, in exact memory or (`padded`) in the arena,
// with a tail that reads other tensors.
void expect_product(const std::string& family, int64_t m, int64_t k, int64_t n, bool transpose_a,
                    bool transpose_b, bool padded) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    ir::Graph graph;
    graph.name = "predict";
    ValueId a = graph.add_input("a", f32(transpose_a ? Shape{k, m} : Shape{m, k}));
    ValueId b = graph.add_input("b", f32(transpose_b ? Shape{n, k} : Shape{k, n}));
    const ValueId other = graph.add_input("other", f32({m, n}));
    const ValueId bias = graph.add_input("bias", f32({n}));
    ir::Builder build = ir::Builder(graph).at(ir::Place::named("test"));
    if (padded) {
      a = build.create(ir::ops::neg, {a});
      b = build.create(ir::ops::neg, {b});
    }
    if (transpose_a) a = build.create(ir::ops::transpose, {a});
    if (transpose_b) b = build.create(ir::ops::transpose, {b});
    const ValueId product = build.create(ir::ops::matmul, {a, b});
    const ValueId sum = build.create(ir::ops::add, {product, bias});
    graph.outputs.push_back({"y", build.create(ir::ops::mul, {sum, other}), ""});
    const std::string families = expect_kernels_right(graph, target, name);
    EXPECT_NE(families.find(family), std::string::npos) << families;
  }
}

TEST(Gemm, Grid) {
  for (int64_t m : {1, 5, 24}) {
    for (int64_t k : {1, 7, 64}) {
      for (int64_t n : {4, 10, 37, 130}) {
        if ((m + k + n) % 2 == 0) expect_product("gemm", m, k, n, k == 7, false, n == 37);
      }
    }
  }
  expect_product("gemm", 10, 64, 84, true, false, true);
  expect_product("gemm", 64, 10, 84, false, false, true);
}

TEST(Dense, WeightsKnownAtRunTime) {
  for (int64_t m : {1, 6}) {
    for (int64_t k : {5, 16, 23, 84}) {
      for (int64_t n : {2, 10, 16, 53})
        if ((m + k + n) % 2 == 1) expect_product("dense", m, k, n, k == 23, true, n == 10);
    }
  }
}

TEST(Relayout, Grid) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    for (const char* text : {"{nhwc}", "{nhwc, c:16}", "{nChw16c}"}) {
      for (int64_t channels : {6, 37}) {
        for (const ir::Memory memory : {ir::Memory::kInput, ir::Memory::kArena}) {
          ir::Graph graph = kernel_of(ir::ops::reshape, {f32({3, channels, 5, 7})},
                                      {{"shape", ir::Ints{3, channels, 5, 7}}});
          graph.value(graph.outputs[0].value).type.layout = *ir::layout_from_text(text, 4);
          graph.value(graph.inputs[0].value).storage = ir::Storage{memory, 0};
          graph.value(graph.outputs[0].value).storage = ir::Storage{ir::Memory::kArena, 0};
          graph.schedule =
              passes::family("relayout").choose({graph, {nullptr}, target.target.info}).schedule;
          ASSERT_TRUE(graph.schedule.has_value()) << text;
          expect_right(graph, name);
        }
      }
    }
  }
}

TEST(Direct, Grid) {
  for (int64_t o : {8, 16, 20, 32}) {
    for (int64_t width : {6, 7, 11})
      expect_scheduled("direct", ir::ops::conv2d, {1, 3, 7, width}, {o, 3, 3, 3}, {});
  }
  expect_scheduled("direct", ir::ops::conv2d, {1, 256, 2, 3}, {132, 256, 1, 1}, {});  // far
  expect_scheduled("direct", ir::ops::conv2d, {2, 2, 9, 9}, {16, 2, 3, 3},
                   {{"stride", ir::Ints{2, 2}}});
  expect_scheduled("direct", ir::ops::conv2d, {2, 2, 6, 6}, {16, 2, 3, 3},
                   {{"padding", ir::Ints{1, 2, 0, 1}}});
  expect_scheduled("direct", ir::ops::conv2d, {1, 2, 9, 9}, {16, 2, 2, 3},
                   {{"dilation", ir::Ints{2, 1}}});
  expect_scheduled("direct", ir::ops::conv2d, {1, 3, 10, 11}, {16, 3, 3, 3}, {}, 2);
  expect_scheduled("direct", ir::ops::conv2d, {1, 2, 10, 10}, {17, 2, 3, 3},
                   {{"padding", ir::Ints{1, 1, 1, 1}}}, 2);
}

TEST(Direct, ChannelsThatMeetInTheCache) {
  for (int64_t o : {16, 20, 64})
    expect_scheduled("direct", ir::ops::conv2d, {2, 3, 32, 32}, {o, 3, 1, 1}, {});
  expect_scheduled("direct", ir::ops::conv2d, {1, 3, 66, 66}, {20, 3, 3, 3}, {}, 2);
}

TEST(Direct, Groups) {
  const auto grouped = [](int64_t groups, ir::Attrs attrs = {}) {
    attrs.set("groups", groups);
    return attrs;
  };
  // Groups of whole blocks, of whole vectors, and such that end within one.
  expect_scheduled("direct", ir::ops::conv2d, {1, 4, 6, 7}, {64, 2, 3, 3}, grouped(2));
  expect_scheduled("direct", ir::ops::conv2d, {2, 6, 5, 9}, {48, 2, 3, 2}, grouped(3));
  expect_scheduled("direct", ir::ops::conv2d, {1, 12, 3, 8}, {60, 4, 1, 1}, grouped(3));
  expect_scheduled("direct", ir::ops::conv2d, {2, 4, 9, 9}, {74, 2, 3, 3},
                   grouped(2, {{"stride", ir::Ints{2, 2}}, {"padding", ir::Ints{1, 0, 2, 1}}}));
  expect_scheduled("direct", ir::ops::conv2d, {1, 4, 7, 10}, {34, 2, 2, 2},
                   grouped(2, {{"dilation", ir::Ints{2, 1}}}), 2);
}

TEST(Depthwise, Grid) {
  const auto grouped = [](int64_t groups, ir::Attrs attrs = {}) {
    attrs.set("groups", groups);
    return attrs;
  };
  for (int64_t channels : {5, 16, 24, 35, 84}) {
    for (int64_t width : {1, 6, 7, 11}) {
      expect_scheduled("depthwise", ir::ops::conv2d, {1, channels, 5, width}, {channels, 1, 3, 3},
                       grouped(channels, {{"padding", ir::Ints{1, 1, 1, 1}}}));
    }
  }
  expect_scheduled("depthwise", ir::ops::conv2d, {2, 20, 8, 9}, {20, 1, 3, 3},
                   grouped(20, {{"stride", ir::Ints{2, 2}}, {"padding", ir::Ints{1, 0, 0, 1}}}));
  expect_scheduled("depthwise", ir::ops::conv2d, {1, 16, 9, 9}, {16, 1, 3, 2},
                   grouped(16, {{"dilation", ir::Ints{2, 3}}}));
  expect_scheduled("depthwise", ir::ops::conv2d, {1, 16, 9, 12}, {16, 1, 5, 7},
                   grouped(16, {{"padding", ir::Ints{2, 6, 7, 3}}}));
  expect_scheduled("depthwise", ir::ops::conv2d, {1, 16, 4, 9}, {16, 1, 3, 3},
                   grouped(16, {{"padding", ir::Ints{1, 1, 1, 1}}}), 2);
  // Several channels a group, in or out.
  expect_scheduled("depthwise", ir::ops::conv2d, {1, 6, 5, 7}, {18, 1, 3, 3},
                   grouped(6, {{"padding", ir::Ints{1, 1, 1, 1}}}));
  expect_scheduled("depthwise", ir::ops::conv2d, {2, 24, 5, 5}, {8, 3, 3, 3}, grouped(8));
}

TEST(Concat, Grid) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    for (int64_t dim : {0, 1, 2, 3}) {
      ir::Graph graph;
      graph.name = "predict";
      ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
      std::vector<ValueId> pieces;
      for (int64_t size : {3, 16, 1, 37}) {
        Shape shape = {2, 3, 4, 5};
        shape[static_cast<size_t>(dim)] = size;
        pieces.push_back(graph.add_input("x", f32(shape)));
      }
      const ValueId joined = b.create(ir::ops::concat, pieces, {{"dim", dim}});
      graph.outputs.push_back({"y", b.create(ir::ops::relu, {joined}), ""});
      EXPECT_EQ(expect_kernels_right(graph, target, name), "concat ");
    }
  }
}

// Convolutions one after the other: what lies between them has its channels innermost, whatever
// else reads and writes it.
TEST(Direct, ChannelsInnermostThroughOtherKernels) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    ir::Graph graph;
    graph.name = "predict";
    ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
    const auto convolution = [&](ValueId x, const Shape& shape, const ir::Attrs& attrs = {}) {
      std::vector<double> numbers;
      for (int64_t i = 0; i < f32(shape).elements(); ++i)
        numbers.push_back(static_cast<double>(i * 7 % 23) / 23 - 0.5);
      const ValueId w = b.constant(ir::Tensor::from_doubles(f32(shape), numbers), "w");
      return b.create(ir::ops::relu, {b.create(ir::ops::conv2d, {x, w}, attrs)});
    };
    const ValueId x = graph.add_input("x", f32({1, 3, 19, 18}));
    const ValueId first = convolution(x, {32, 3, 3, 3});
    const ValueId pooled = b.create(ir::ops::max_pool2d, {first},
                                    {{"kernel_size", ir::Ints{3, 3}}, {"stride", ir::Ints{2, 2}}});
    const ValueId depthwise = convolution(
        pooled, {32, 1, 3, 3}, {{"groups", int64_t{32}}, {"padding", ir::Ints{1, 1, 1, 1}}});
    const ValueId padded =
        convolution(depthwise, {20, 32, 3, 3}, {{"padding", ir::Ints{1, 1, 1, 1}}});
    const ValueId joined = b.create(ir::ops::concat, {pooled, padded}, {{"dim", int64_t{1}}});
    const ValueId last = convolution(joined, {32, 26, 1, 1}, {{"groups", int64_t{2}}});
    graph.outputs.push_back({"y", last, ""});
    const std::string families = expect_kernels_right(graph, target, name);
    if (name == "x86-64-v2") continue;
    EXPECT_EQ(families, "direct pool depthwise direct concat direct ");
  }
}

// A convolution after another: what lies between them has its channels innermost.
TEST(Direct, ChannelsInnermostBetweenConvolutions) {
  for (const std::string& name : kTargets) {
    const FoundTarget target = find_target(name);
    if (!runs_here(target.target)) continue;
    ir::Module module;
    ir::Graph graph;
    graph.name = "predict";
    ir::Builder b = ir::Builder(graph).at(ir::Place::named("test"));
    ValueId value = graph.add_input("x", f32({2, 3, 9, 8}));
    for (const Shape& shape : {Shape{16, 3, 3, 3}, Shape{20, 16, 3, 3}, Shape{16, 20, 1, 1}}) {
      std::vector<double> numbers;
      for (int64_t i = 0; i < f32(shape).elements(); ++i)
        numbers.push_back(static_cast<double>(i * 7 % 23) / 23 - 0.5);
      const ValueId w = b.constant(ir::Tensor::from_doubles(f32(shape), numbers), "w");
      value = b.create(ir::ops::relu, {b.create(ir::ops::conv2d, {value, w})});
    }
    graph.outputs.push_back({"y", value, ""});
    module.graphs.push_back(std::move(graph));
    passes::PassContext context;
    context.target = target.target.info;
    const auto planned = passes::run_pipeline(std::move(module), passes::pipeline(), {}, context);
    ASSERT_EQ(planned.module.kernels.size(), 3u);
    EXPECT_NE(ir::print(planned.module).text.find("{nhwc}"), std::string::npos);
    for (const ir::Graph& kernel : planned.module.kernels)
      expect_right(kernel, name);
  }
}

TEST(PooledRows, Grid) {
  for (int64_t width : {6, 12, 28, 35}) {
    for (int64_t o : {1, 3, 6}) {
      if (o * 2 >= 8) continue;
      expect_scheduled("pooled_rows", ir::ops::conv2d, {2, 1, 8, width}, {o, 1, 5, 3},
                       {{"padding", ir::Ints{2, 1, 2, 1}}}, 2);
    }
  }
  expect_scheduled("pooled_rows", ir::ops::conv2d, {1, 2, 9, 14}, {1, 2, 3, 3}, {}, 3);
}

TEST(Random, KernelsOfRandomGraphs) {
  for (uint64_t seed = 100; seed < 130; ++seed) {
    passes::PassContext context;
    const FoundTarget target = find_target("native");
    context.target = target.target.info;
    const auto planned =
        passes::run_pipeline(passes::RandomGraphs(seed).make(), passes::pipeline(), {}, context);
    for (const ir::Graph& kernel : planned.module.kernels) {
      const KernelCheck check = check_kernel(kernel, target.target, seed);
      EXPECT_EQ(check.error, "") << "seed " << seed << "\n" << ir::print(kernel);
    }
  }
}

}  // namespace
}  // namespace linnet::codegen
