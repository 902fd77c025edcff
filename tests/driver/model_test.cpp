// Model: read once, for any batch, by whatever door.
#include "driver/compile.h"
#include "driver/model.h"
#include "driver/train.h"

#include "base/io/file.h"
#include "base/io/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace linnet::driver {
namespace {

const std::string kModels = std::string(LINNET_SOURCE_DIR) + "/models/";

class Models : public testing::Test {
protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/linnet_driver_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(write_file(folder_ + "/" + name, text));
    return folder_ + "/" + name;
  }
  std::string copy(const std::string& path) const {
    const std::string name = std::filesystem::path(path).filename();
    std::filesystem::copy_file(kModels + path, folder_ + "/" + name);
    return folder_ + "/" + name;
  }
  std::optional<Model> open(const std::string& path, const std::string& weights = "",
                            bool f64 = false) {
    ModelOptions options;
    options.path = path;
    options.weights = weights;
    options.f64 = f64;
    return Model::open(std::move(options), host_);
  }
  // Options of a product that leaves nothing behind.
  template <class T> static T without_cache() {
    T options;
    options.no_cache = true;
    return options;
  }

  std::string folder_;
  SourceManager sources_;
  Diagnostics diagnostics_{sources_};
  Host host_{sources_, diagnostics_};
};

// After the first module the files may go: every other is made of what was read.
TEST_F(Models, ReadFileAndWeightsOnce) {
  auto model = open(copy("lenet.lin"), copy("data/lenet.safetensors"));
  ASSERT_TRUE(model) << diagnostics_.text();
  const ir::Module* one = model->at_batch(1);
  ASSERT_NE(one, nullptr) << diagnostics_.text();
  std::filesystem::remove_all(folder_);
  const ir::Module* many = model->at_batch(64);
  ASSERT_NE(many, nullptr) << diagnostics_.text();
  EXPECT_EQ(many->graphs.front().value(many->graphs.front().inputs.front().value).type.shape[0],
            64);
  EXPECT_FALSE(many->untrained());
  for (const ir::Slot& slot : many->slots) {
    ASSERT_TRUE(slot.value) << slot.path;
    EXPECT_EQ(*slot.value, *one->slot(slot.path)->value);
    EXPECT_EQ(slot.value->bytes().data(), one->slot(slot.path)->value->bytes().data()) << "a copy";
  }
  EXPECT_TRUE(model->batched(1));
  const ir::Module* step = model->training_at_batch(2);
  ASSERT_NE(step, nullptr) << diagnostics_.text();
  EXPECT_NE(step->graph(ir::kTrainStep), nullptr);
  EXPECT_EQ(model->at_batch(1)->graph(ir::kTrainStep), nullptr);
}

// The same of an ONNX model that a .lin names.
TEST_F(Models, ReadAnImportedModelOnce) {
  std::filesystem::create_directories(folder_ + "/data/mnist-8");
  std::filesystem::copy_file(kModels + "data/mnist-8/model.onnx",
                             folder_ + "/data/mnist-8/model.onnx");
  auto model = open(copy("mnist.lin"));
  ASSERT_TRUE(model) << diagnostics_.text();
  std::filesystem::remove_all(folder_);
  EXPECT_NE(model->at_batch(1), nullptr) << diagnostics_.text();
  EXPECT_NE(model->training_at_batch(1), nullptr) << diagnostics_.text();
}

// A learnt scale of a weights' file is the model's at any batch.
TEST_F(Models, GiveEveryBatchTheLearntScales) {
  const std::string weights = folder_ + "/w.safetensors";
  const double mean = 7, std = 2;
  const float parameters[4] = {};
  ASSERT_TRUE(write_safetensors(weights, {{"data.h.mean", DType::kF64, {1}, &mean},
                                          {"data.h.std", DType::kF64, {1}, &std},
                                          {"fc.weight", DType::kF32, {1, 3}, parameters},
                                          {"fc.bias", DType::kF32, {1}, parameters}}));
  auto model = open(write("m.lin", "model m(h: f32[N, 3]) -> y: f32[N, 1] { layer fc = linear(1)\n"
                                   "  h |> fc\n}\n"
                                   "data m { h: series(column: \"v\", lags: 3, scale: standard)\n"
                                   "  y: ahead(of: h, steps: 1) }\n"),
                    weights);
  ASSERT_TRUE(model) << diagnostics_.text();
  for (const int64_t samples : {1, 5}) {
    const ir::Module* module = model->at_batch(samples);
    ASSERT_NE(module, nullptr) << diagnostics_.text();
    EXPECT_EQ(module->data.front().recipe.attrs.get(ir::Key<ir::Doubles>{"mean"}), ir::Doubles{7});
  }
}

TEST_F(Models, FollowTheBatchOrNot) {
  const auto batched = [&](const std::string& text) {
    auto model = open(write("m.lin", text));
    return model && model->batched(1);
  };
  EXPECT_TRUE(batched("model m(x: f32[N, 4]) -> y: f32[N, 4] { relu(x) }\n"));
  EXPECT_FALSE(batched("model m(x: f32[1, 4]) -> y: f32[1, 4] { relu(x) }\n"));
  // One result of the whole batch.
  EXPECT_FALSE(batched("model m(x: f32[N, 4]) -> y: f32[4] { mean(x, dim: 0) }\n"));
  EXPECT_EQ(diagnostics_.text(), "");
}

TEST_F(Models, ComputeInF64WhereItIsAsked) {
  auto model = open(kModels + "mlp.lin", "", true);
  ASSERT_TRUE(model) << diagnostics_.text();
  const ir::Module* module = model->at_batch(1);
  ASSERT_NE(module, nullptr);
  for (const ir::Value& value : module->graphs.front().values())
    EXPECT_NE(value.type.dtype, ir::DType::kF32) << value.name;
}

TEST_F(Models, AnErrorIsSaidOnceAndOnlyWhereItIsAsked) {
  auto model = open(write("m.lin", "model m(x: f32[1, 4]) -> y: f32[1, 4] { relu(x) }\n"));
  ASSERT_TRUE(model);
  EXPECT_NE(model->try_at_batch(3), nullptr);
  EXPECT_EQ(model->training_at_batch(1), nullptr);
  EXPECT_THAT(diagnostics_.text(), testing::StartsWith("error: m has no train block\n"));
  auto wrong = open(write("w.lin", "model w(x: f32[1, 4]) -> y: f32[1, 4] { reluu(x) }\n"));
  ASSERT_TRUE(wrong);
  const std::string before = diagnostics_.text();
  EXPECT_EQ(wrong->try_at_batch(1), nullptr);
  EXPECT_EQ(diagnostics_.text(), before);
  EXPECT_EQ(wrong->at_batch(1), nullptr);
  EXPECT_THAT(diagnostics_.text(), testing::HasSubstr("reluu"));
}

// ---- The roads: what another front door than the command calls.

TEST_F(Models, CompileToAProductThatIsCalled) {
  auto model = open(kModels + "ar.lin");
  ASSERT_TRUE(model) << diagnostics_.text();
  const auto target = codegen::find_target("native");
  auto options = without_cache<CompileOptions>();
  options.batch = 4;
  const auto product = compile(*model, target.target, options, host_);
  ASSERT_TRUE(product) << diagnostics_.text();
  ASSERT_EQ(product->modules.size(), 2u);
  EXPECT_TRUE(product->untrained);
  const auto code = load(*product, host_);
  ASSERT_NE(code, nullptr) << diagnostics_.text();
  EXPECT_NE(code->symbol("ar_run"), nullptr);
  EXPECT_NE(code->symbol("ar_run_1"), nullptr);
}

TEST_F(Models, CompileToATrainer) {
  auto model = open(write("m.lin", "model m(x: f32[N, 2]) -> y: f32[N, 1] { layer fc = linear(1)\n"
                                   "  x |> fc\n}\n"
                                   "train m { loss: mse; optimizer: sgd(lr: 0.1); batch: 3 }\n"));
  ASSERT_TRUE(model) << diagnostics_.text();
  const auto target = codegen::find_target("native");
  auto options = without_cache<TrainerOptions>();
  options.product = true;
  const auto product = trainer(*model, target.target, options, host_);
  ASSERT_TRUE(product) << diagnostics_.text();
  const auto loaded = load_trainer(*product, host_);
  ASSERT_TRUE(loaded) << diagnostics_.text();
  EXPECT_EQ(loaded->trainer->batch, 3);
  options.batch = 1;  // what is asked for wins over the block, one sample too
  const auto single = trainer(*model, target.target, options, host_);
  ASSERT_TRUE(single) << diagnostics_.text();
  const auto loaded_single = load_trainer(*single, host_);
  ASSERT_TRUE(loaded_single) << diagnostics_.text();
  EXPECT_EQ(loaded_single->trainer->batch, 1);
}

}  // namespace
}  // namespace linnet::driver
