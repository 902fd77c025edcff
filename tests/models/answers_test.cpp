// The models with weights trained elsewhere give the logits they must give, on every target.
#include "tests/models/compiled_model.h"

#include "codegen/check/guarded.h"

namespace linnet::models {
namespace {

constexpr size_t kSamples = 360;

// All samples through the entries, the largest batch first.
std::vector<float> run_all(const linnet_model_v1& model, const std::vector<float>& inputs,
                           size_t outputs_each) {
  const size_t each = inputs.size() / kSamples;
  std::vector<float> outputs(kSamples * outputs_each);
  size_t done = 0;
  for (int64_t i = 0; i < model.entry_count; ++i) {
    const linnet_entry_v1& entry = model.entries[i];
    codegen::GuardedMemory arena(static_cast<size_t>(entry.arena_bytes), codegen::Guard::kAfter,
                                 64);
    const auto batch = static_cast<size_t>(entry.batch);
    for (; kSamples - done >= batch; done += batch) {
      const void* in = inputs.data() + done * each;
      void* out = outputs.data() + done * outputs_each;
      EXPECT_EQ(entry.call(&in, &out, nullptr, arena.data()), 0);
    }
  }
  EXPECT_EQ(done, kSamples);
  return outputs;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(static_cast<double>(a[i]) - b[i]));
  return most;
}

int right(const std::vector<float>& logits) {
  const auto truth = labels();
  int count = 0;
  for (size_t i = 0; i < kSamples; ++i) {
    const float* row = logits.data() + i * 10;
    count += std::max_element(row, row + 10) - row == truth[i];
  }
  return count;
}

struct Case {
  std::string target;
  int64_t batch;
};

class Answers : public testing::TestWithParam<Case> {};

TEST_P(Answers, LenetGivesTheSharedLogits) {
  BuildRequest request;
  request.target = GetParam().target;
  request.batch = GetParam().batch;
  const CompiledModel lenet = build(request);
  if (!lenet.model) GTEST_SKIP() << "this CPU lacks " << request.target;
  const auto logits = run_all(*lenet.model, digits(), 10);
  EXPECT_LE(largest_difference(logits, expected_logits("lenet_test_logits.npy")), 1e-4);
  EXPECT_EQ(right(logits), 357);
}

TEST_P(Answers, MlpGivesTheSharedLogits) {
  BuildRequest request;
  request.model = "mlp";
  request.weights = "mlp.safetensors";
  request.target = GetParam().target;
  request.batch = GetParam().batch;
  const CompiledModel mlp = build(request);
  if (!mlp.model) GTEST_SKIP() << "this CPU lacks " << request.target;
  const auto logits = run_all(*mlp.model, digits(), 10);
  EXPECT_LE(largest_difference(logits, expected_logits("mlp_test_logits.npy")), 1e-4);
  EXPECT_EQ(right(logits), 358);
}

INSTANTIATE_TEST_SUITE_P(Each, Answers,
                         testing::Values(Case{"native", 1}, Case{"native", 7}, Case{"native", 360},
                                         Case{"x86-64-v2", 1}, Case{"x86-64-v2", 7},
                                         Case{"x86-64-v3", 1}, Case{"x86-64-v3", 7},
                                         Case{"x86-64-v4", 1}, Case{"x86-64-v4", 7}),
                         [](const auto& info) {
                           std::string name =
                               info.param.target + "_batch_" + std::to_string(info.param.batch);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// AR(9) with its weights is the linear formula.
TEST(Answers, ArIsTheLinearFormula) {
  BuildRequest request;
  request.model = "ar";
  request.weights = "ar9_sunspots.safetensors";
  request.settings = {{"p", "9"}};
  const CompiledModel ar = build(request);
  SourceManager sources;
  Diagnostics diagnostics(sources);
  frontend::ImportOptions import;
  import.settings = request.settings;
  auto module = frontend::load_model(source_path("ar.lin"), sources, import, diagnostics);
  ASSERT_TRUE(
      frontend::load_weights(source_path("data/" + request.weights), {}, *module, diagnostics));
  const auto weight = module->slot("head.weight")->value->as_doubles();
  const auto bias = module->slot("head.bias")->value->as_doubles();
  for (int shift = 0; shift < 20; ++shift) {
    std::vector<float> history;
    double exact = bias[0];
    for (size_t i = 0; i < 9; ++i) {
      history.push_back(static_cast<float>((static_cast<size_t>(shift) * 13 + i * 29) % 150));
      exact += weight[i] * history.back();
    }
    const void* in = history.data();
    float forecast = 0;
    void* out = &forecast;
    ASSERT_EQ(ar.model->entries[0].call(&in, &out, nullptr, nullptr), 0);
    EXPECT_NEAR(forecast, exact, 1e-4);
  }
}

// Every model of models/ compiles, and its kernels agree with the evaluator in f32.
TEST(Answers, LenetClassicAgreesWithItsSigmoids) {
  BuildRequest request;
  request.model = "lenet_classic";
  const CompiledModel classic = build(request);  // LeNet's weights fit: the layers are the same
  const auto x = digits();
  std::vector<float> logits(10);
  codegen::GuardedMemory arena(static_cast<size_t>(classic.model->entries[0].arena_bytes),
                               codegen::Guard::kBefore, 64);
  const void* in = x.data();
  void* out = logits.data();
  ASSERT_EQ(classic.model->entries[0].call(&in, &out, nullptr, arena.data()), 0);
  for (float value : logits)
    EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace linnet::models
