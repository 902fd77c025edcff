// What codegen/inspect says of the kernels of models: hot loops, LLVM's model of them, mathematics.
#include "codegen/inspect/inspect.h"

#include "codegen/inspect/arithmetic.h"
#include "codegen/inspect/verdict.h"
#include "driver/compile.h"
#include "ir/builder.h"
#include "ir/summary.h"
#include "tests/codegen/op_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace linnet::codegen {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Built {
  SourceManager sources;
  Diagnostics diagnostics{sources};
  driver::Host host{sources, diagnostics, nullptr, nullptr};
  std::optional<driver::Product> product;
  std::vector<InspectedKernel> kernels;

  Built(const std::string& model, const std::string& target, int64_t batch = 1, int threads = 1) {
    driver::ModelOptions options;
    options.path = std::string(LINNET_SOURCE_DIR) + "/models/" + model + ".lin";
    auto opened = driver::Model::open(options, host);
    if (!opened) return;
    driver::CompileOptions compile;
    compile.keep_text = true;
    compile.no_cache = true;
    compile.batch = batch;
    compile.passes.threads = threads;
    product = driver::compile(*opened, find_target(target).target, compile, host);
    if (product) kernels = inspect(product->compiled, product->modules, product->target);
  }
  const InspectedKernel& kernel(const std::string& name) const {
    return *std::ranges::find(kernels, name, &InspectedKernel::name);
  }
};

// The FLOPs of a kernel: of its multiply-adds, without padded lanes.
int64_t flops_of(const ir::Graph& kernel) {
  int64_t flops = 0;
  for (const ir::Node& node : kernel.nodes())
    flops += 2 * ir::multiply_adds(kernel, node);
  return flops;
}

std::string line(const InspectedKernel& kernel, int64_t number) {
  size_t at = 0;
  for (int64_t i = 0; i < number; ++i)
    at = kernel.assembly.find('\n', at) + 1;
  return kernel.assembly.substr(at, kernel.assembly.find('\n', at) - at);
}

TEST(Inspect, HotLoopsAreWhatTheSchedulesSay) {
  const Built lenet("lenet", "x86-64-v4:znver4");
  ASSERT_EQ(lenet.kernels.size(), 5U);
  // direct{lanes=16, vectors=1, pixels=5}: 5 windows of 2 × 2 pixels, a weight for all of them.
  const InspectedKernel& conv2 = lenet.kernel("conv2_relu_max_pool2d");
  ASSERT_TRUE(conv2.hot);
  EXPECT_EQ(conv2.hot->fmas, 20);
  EXPECT_EQ(conv2.hot->sums, 20);
  EXPECT_EQ(conv2.hot->vector_bits, 512);
  EXPECT_EQ(conv2.hot->loads, 21);
  EXPECT_EQ(conv2.hot->spills, 0);
  EXPECT_NEAR(*conv2.hot->loads_per_fma(), 1.05, 1e-9);
  const ir::Graph& graph = *lenet.product->modules.back().kernel("conv2_relu_max_pool2d");
  EXPECT_EQ(conv2.hot->flops * *conv2.hot->iterations, flops_of(graph));
  EXPECT_THAT(line(conv2, conv2.hot->first), StartsWith(".LBB"));
  EXPECT_THAT(line(conv2, conv2.hot->last), HasSubstr("jne"));
  // dense{lanes=16, vectors=8, chains=1}: 120 outputs in 8 vectors of 16.
  const InspectedKernel& fc1 = lenet.kernel("fc1_relu");
  EXPECT_EQ(fc1.hot->fmas, 8);
  EXPECT_EQ(fc1.hot->loads, 9);
  EXPECT_EQ(fc1.hot->flops * *fc1.hot->iterations, 2 * 400 * 128);
}

TEST(Inspect, TextsAreTheKernelsOwn) {
  const Built lenet("lenet", "x86-64-v3");
  for (const InspectedKernel& kernel : lenet.kernels) {
    EXPECT_THAT(kernel.assembly,
                AllOf(StartsWith("lenet_" + kernel.name + ":\n"), HasSubstr("\tretq"),
                      Not(HasSubstr(".p2align")), Not(HasSubstr("#")), Not(HasSubstr("func_end"))));
    EXPECT_THAT(kernel.llvm, AllOf(StartsWith("define "), HasSubstr("@lenet_" + kernel.name)));
    EXPECT_THAT(kernel.stmt, HasSubstr("for ("));
    EXPECT_GT(kernel.code_bytes, 0);
    EXPECT_EQ(kernel.hash.size(), 16U);
  }
}

TEST(Inspect, TheModelOfACpuTellsWhatBinds) {
  const Built lenet("lenet", "x86-64-v4:znver4");
  const HotLoop& conv2 = *lenet.kernel("conv2_relu_max_pool2d").hot;
  ASSERT_TRUE(conv2.cost) << conv2.no_cost;
  EXPECT_EQ(conv2.cost->cpu, "znver4");
  // 20 multiply-adds of 512 bits in a machine that does one in a cycle.
  EXPECT_NEAR(conv2.cost->cycles, 20, 0.5);
  EXPECT_NEAR(conv2.cost->ipc * conv2.cost->cycles, static_cast<double>(conv2.instructions), 0.5);
  EXPECT_THAT(conv2.cost->bottleneck, StartsWith("port Zn4FP"));
  EXPECT_EQ(conv2.cost->lines.size(), static_cast<size_t>(conv2.instructions));
  for (const LineCost& one : conv2.cost->lines) {
    EXPECT_GT(one.line, conv2.first);
    EXPECT_LE(one.line, conv2.last);
  }
  const auto most = std::ranges::max_element(conv2.cost->ports, {}, &PortLoad::cycles);
  EXPECT_LE(most->cycles, conv2.cost->cycles + 0.1);
}

// One output: a sum of products that wait for each other.
TEST(Inspect, AChainWaitsForLatency) {
  const Built gru("../benchmarks/decaying_gru", "x86-64-v4:znver4");
  const HotLoop& hot = *gru.kernel("matmul_2").hot;
  EXPECT_EQ(hot.fmas, 1);
  ASSERT_TRUE(hot.cost) << hot.no_cost;
  EXPECT_NEAR(hot.cost->cycles, 4, 0.1);
  EXPECT_THAT(hot.cost->bottleneck, StartsWith("latency of vfmadd"));
}

TEST(Inspect, OtherTargets) {
  const Built arm("lenet", "aarch64:cortex-a72");
  const HotLoop& conv2 = *arm.kernel("conv2_relu_max_pool2d").hot;
  EXPECT_EQ(conv2.vector_bits, 128);
  EXPECT_EQ(conv2.flops * *conv2.iterations, 480'000);
  ASSERT_TRUE(conv2.cost) << conv2.no_cost;
  EXPECT_GE(conv2.cost->cycles, static_cast<double>(conv2.fmas) / 2);

  const Built risc("lenet", "riscv64-v");
  const HotLoop& hot = *risc.kernel("conv2_relu_max_pool2d").hot;
  EXPECT_EQ(hot.fmas, 20);
  EXPECT_EQ(hot.flops * *hot.iterations, 480'000);
  EXPECT_FALSE(hot.cost);
  EXPECT_THAT(hot.no_cost, HasSubstr("no model"));

  const Built old("lenet", "x86-64-v2");  // no multiply-add
  const HotLoop& sums = *old.kernel("conv2_relu_max_pool2d").hot;
  EXPECT_EQ(sums.fmas, 0);
  EXPECT_FALSE(sums.loads_per_fma());
  EXPECT_EQ(sums.flops * *sums.iterations, 480'000);
  EXPECT_THAT(sums.cost->note, HasSubstr("one model"));

  for (const char* name : {"cortex-m7", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"}) {
    const Built other("lenet", name);
    ASSERT_EQ(other.kernels.size(), 5U) << name;
    const InspectedKernel& conv = other.kernel("conv2_relu_max_pool2d");
    ASSERT_TRUE(conv.hot) << name << ": " << conv.no_hot;
    EXPECT_GE(conv.hot->flops * conv.hot->iterations.value_or(0), 480'000) << name;
    EXPECT_TRUE(conv.hot->cost) << name << ": " << conv.hot->no_cost;
  }

  const Built web("lenet", "wasm32-simd128");
  EXPECT_FALSE(web.kernel("fc3").hot);
  EXPECT_NE(web.kernel("fc3").no_hot, "");
}

TEST(Inspect, TilesOfThreadsBelongToTheirKernel) {
  const Built mlp("mlp", "x86-64-v3", 64, 2);
  const auto tiled = std::ranges::find_if(mlp.kernels, [](const InspectedKernel& kernel) {
    return kernel.schedule.find("threads=1") != std::string::npos;
  });
  ASSERT_NE(tiled, mlp.kernels.end());
  EXPECT_THAT(tiled->assembly, HasSubstr("par_for"));
  const ir::Graph& graph = *mlp.product->modules.front().kernel(tiled->name);
  ASSERT_TRUE(tiled->hot && tiled->hot->iterations);
  EXPECT_GE(tiled->hot->flops * *tiled->hot->iterations, flops_of(graph) * 9 / 10);
}

TEST(Inspect, Arithmetic) {
  const auto x86 = [](const char* text) { return arithmetic_of(text, Architecture::kX86, {}); };
  EXPECT_EQ(x86("\tvfmadd231ps\t(%rax), %zmm8, %zmm7").flops, 32);
  EXPECT_EQ(x86("\tvfnmadd213sd\t%xmm1, %xmm2, %xmm3").flops, 2);
  EXPECT_EQ(x86("\taddps\t%xmm1, %xmm2").flops, 4);
  EXPECT_EQ(x86("\tvpaddd\t%ymm1, %ymm2, %ymm3").operations, 0);
  EXPECT_EQ(x86("\tvmaxps\t%ymm1, %ymm2, %ymm3").flops, 0);
  EXPECT_EQ(x86("\tvmaxps\t%ymm1, %ymm2, %ymm3").operations, 8);
  EXPECT_EQ(x86("\taddq\t$64, %rax").operations, 0);
  const auto arm = [](const char* text) { return arithmetic_of(text, Architecture::kAArch64, {}); };
  EXPECT_EQ(arm("\tfmla\tv0.4s, v1.4s, v2.s[1]").flops, 8);
  EXPECT_EQ(arm("\tfmla.4s\tv0, v1, v2").flops, 8);
  EXPECT_EQ(arm("\tfmadd\ts0, s1, s2, s0").flops, 2);
  EXPECT_EQ(arm("\tfmax\tv0.4s, v1.4s, v2.4s").flops, 0);
  EXPECT_EQ(arm("\tfmadd\ts0, s1, s2, s0").vector_bits, 32);
  EXPECT_EQ(arm("\tfmadd\td0, d1, d2, d0").vector_bits, 64);
  const auto risc_v = [](const char* text) {
    return arithmetic_of(text, Architecture::kRiscV, {4, 64});
  };
  EXPECT_EQ(risc_v("\tvfmacc.vv\tv8, v9, v10").flops, 8);
  EXPECT_EQ(risc_v("\tvfmacc.vv\tv8, v9, v10").vector_bits, 256);
  EXPECT_EQ(risc_v("\tfmadd.s\tfa0, fa1, fa2, fa0").flops, 2);
  EXPECT_EQ(risc_v("\tfmadd.d\tfa0, fa1, fa2, fa0").vector_bits, 64);
  EXPECT_EQ(arithmetic_of("\tvfma.f32\ts0, s1, s2", Architecture::kArm, {}).flops, 2);
  const auto length = vector_length("\tvsetivli\tzero, 4, e32, m1, ta, ma");
  ASSERT_TRUE(length);
  EXPECT_EQ(length->lanes, 4);
  EXPECT_EQ(length->bits, 32);
  EXPECT_EQ(destination("\tvfmadd231ps\t(%rax), %zmm8, %zmm7 {%k1}", Architecture::kX86), "%zmm7");
  EXPECT_EQ(destination("\tfmla\tv0.4s, v1.4s, v2.4s", Architecture::kAArch64), "v0.4s");
}

// One node as a graph's result.
std::vector<std::string> lines_of(const ir::OpDef& op, const std::vector<ir::Type>& operands,
                                  ir::Attrs attrs = {}) {
  ir::Graph graph;
  ir::Builder builder(graph);
  std::vector<ir::ValueId> values;
  for (size_t i = 0; i < operands.size(); ++i)
    values.push_back(graph.add_input(std::string(1, "abcdefgh"[i]), operands[i]));
  builder.create(op, values, std::move(attrs), "y");
  return algorithm(graph);
}

const auto f32 = [](ir::Shape shape) { return ir::Type{ir::DType::kF32, std::move(shape), {}}; };

TEST(Algorithm, SumsAndWindows) {
  EXPECT_THAT(lines_of(ir::ops::conv2d, {f32({2, 6, 28, 28}), f32({16, 6, 5, 5})},
                       {{"padding", ir::Ints{2, 2, 2, 2}}, {"stride", ir::Ints{2, 2}}}),
              ElementsAre("y[n,c,h,w] = Σ_{i,ky,kx} a[n,i,2·h+ky−2,2·w+kx−2] · b[c,i,ky,kx]    "
                          "(n < 2; c < 16; h, w < 14; i < 6; ky, kx < 5; a is 0 outside)"));
  EXPECT_THAT(lines_of(ir::ops::matmul, {f32({4, 8}), f32({3, 8})}, {{"transpose_b", true}}),
              ElementsAre("y[m,n] = Σ_k a[m,k] · b[n,k]    (m < 4; n < 3; k < 8)"));
  EXPECT_THAT(lines_of(ir::ops::max_pool2d, {f32({1, 2, 6, 6})}, {{"kernel_size", ir::Ints{2, 2}}}),
              ElementsAre("y[0,c,h,w] = max_{ky,kx} a[0,c,2·h+ky,2·w+kx]    "
                          "(c < 2; h, w < 3; ky, kx < 2)"));
}

TEST(Algorithm, ElementsAndMaps) {
  EXPECT_THAT(lines_of(ir::ops::add, {f32({2, 3}), f32({3})}),
              ElementsAre("y[m,n] = a[m,n] + b[n]    (m < 2; n < 3)"));
  EXPECT_THAT(lines_of(ir::ops::relu, {f32({3})}),
              ElementsAre("y[i] = relu(a[i])    (i < 3)    relu(x) = max(x, 0)"));
  EXPECT_THAT(lines_of(ir::ops::transpose, {f32({2, 3})}),
              ElementsAre("y[m,n] = a[n,m]    (m < 3; n < 2)"));
  EXPECT_THAT(lines_of(ir::ops::reshape, {f32({4, 6})}, {{"shape", ir::Ints{24}}}),
              ElementsAre("y[i] = a[⌊i/6⌋,(i mod 6)]    (i < 24)"));
  EXPECT_THAT(lines_of(ir::ops::concat, {f32({2, 3}), f32({2, 4})}, {{"dim", int64_t{1}}}),
              ElementsAre("y[m,n] = (a[m,n] if n < 3, else b[m,n−3])    (m < 2; n < 7)"));
}

TEST(Algorithm, OpsOfSmallerOnesAreTheseComposed) {
  const auto lines = lines_of(ir::ops::softmax, {f32({2, 3})}, {{"dim", int64_t{1}}});
  ASSERT_GE(lines.size(), 4U);
  EXPECT_THAT(lines.front(), HasSubstr("max_r1 a[m,r1]"));
  EXPECT_THAT(lines.back(), StartsWith("y[m,n] = "));
  EXPECT_THAT(lines.back(), HasSubstr(" / "));
}

// Of every op, on the cases of tests/ops/.
TEST(Algorithm, OfEveryOp) {
  size_t written = 0;
  for (const ir::OpDef* op : ir::all_ops()) {
    for (const ir::Module& module : cases_of(op->name)) {
      for (const ir::Graph& graph : module.graphs) {
        const std::vector<std::string> lines = algorithm(graph);
        for (const std::string& line : lines)
          EXPECT_THAT(line,
                      AllOf(HasSubstr(" = "), Not(HasSubstr("linnet_")), Not(HasSubstr("fold"))))
              << op->name;
        const bool computes = std::ranges::any_of(
            graph.nodes(), [](const ir::Node& node) { return !node.op->has(ir::kStructural); });
        EXPECT_EQ(computes && lines.empty(), false) << op->name;
        written += lines.size();
      }
    }
  }
  EXPECT_GT(written, ir::all_ops().size());
}

VerdictInput input_of(const Built& built, const std::string& name) {
  const InspectedKernel& kernel = built.kernel(name);
  VerdictInput input{*built.product->modules.back().kernel(name), built.product->target};
  input.hot = &*kernel.hot;
  input.flops = flops_of(input.kernel);
  input.share = 0.5;
  return input;
}

TEST(Verdict, SaysWhatBindsAndWhatHelps) {
  const Built lenet("lenet", "x86-64-v4:znver4");
  VerdictInput conv2 = input_of(lenet, "conv2_relu_max_pool2d");
  conv2.roof = "FMA";
  conv2.bound_ns = 4000;
  EXPECT_THAT(verdict(conv2), StartsWith("not measured; at least 4000 ns by its multiply-adds"));
  conv2.ns = 4200;
  EXPECT_THAT(verdict(conv2), AllOf(StartsWith("95 % of FMA peak: 20 of 32 vector registers"),
                                    HasSubstr("port Zn4FP"), Not(HasSubstr("tune"))));
  conv2.ns = 12000;
  EXPECT_THAT(verdict(conv2), AllOf(StartsWith("33 % of FMA peak: "),
                                    HasSubstr("loads for each FMA"), HasSubstr("linnet tune")));
  conv2.share = 0.001;
  EXPECT_THAT(verdict(conv2), HasSubstr("nothing to gain"));

  VerdictInput fc1 = input_of(lenet, "fc1_relu");
  fc1.bytes = 207'000;
  fc1.weight_bytes = 204'800;
  fc1.all_weight_bytes = 8 << 20;
  fc1.roof = "L2";
  fc1.gb_per_s = 132;
  fc1.bound_ns = 1500;
  fc1.ns = 1600;
  fc1.takes_batches = true;
  EXPECT_EQ(verdict(fc1), "waits for L2: weights 205 kB from L2 at 132 GB/s; --weights-dtype bf16 "
                          "would halve it, --batch reads it once for several samples");
  fc1.all_weight_bytes = fc1.weight_bytes;  // in the cache: linnet would not narrow it
  EXPECT_THAT(verdict(fc1), Not(HasSubstr("bf16")));
  fc1.training = true;
  EXPECT_THAT(verdict(fc1), Not(HasSubstr("--")));
  fc1.hot = nullptr;
  fc1.ns.reset();
  EXPECT_THAT(verdict(fc1), StartsWith("not measured"));
}

TEST(Inspect, WhatWasWeighedIsTold) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const driver::Host host{sources, diagnostics, nullptr, nullptr};
  driver::ModelOptions options;
  options.path = std::string(LINNET_SOURCE_DIR) + "/models/lenet.lin";
  auto model = driver::Model::open(options, host);
  ASSERT_TRUE(model);
  std::vector<passes::ScheduleChoice> told;
  passes::PassContext wanted;
  wanted.target = find_target("x86-64-v4").target.info;
  driver::Listener listener;
  listener.weighed = [&](const passes::ScheduleChoice& choice) { told.push_back(choice); };
  std::vector<ir::Module> modules{*model->at_batch(1)};
  ASSERT_TRUE(driver::plan(modules, {}, wanted, host, &listener));
  ASSERT_EQ(told.size(), 5U);
  EXPECT_EQ(told[1].value, "features");
  EXPECT_EQ(told[1].weighed.front().family, "direct");
  EXPECT_THAT(told[1].weighed.front().why, HasSubstr("accumulators"));
  const auto generic =
      std::ranges::find(told[1].weighed, "generic", &passes::WeighedSchedule::family);
  ASSERT_NE(generic, told[1].weighed.end());
  EXPECT_TRUE(generic->schedule);
  const auto dense = std::ranges::find(told[1].weighed, "dense", &passes::WeighedSchedule::family);
  EXPECT_FALSE(dense->schedule);
}

}  // namespace
}  // namespace linnet::codegen
