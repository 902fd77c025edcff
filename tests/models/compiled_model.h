// A model of models/ compiled and loaded, for the tests of this folder.
#pragma once

#include "codegen/emit/compile.h"
#include "frontend/load.h"
#include "frontend/weights.h"
#include "passes/run/run_pipeline.h"
#include "passes/schedule/families.h"

#include "base/abi/model.h"
#include "base/io/file.h"
#include "base/io/npy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace linnet::models {

inline std::string source_path(const std::string& name) {
  return std::string(LINNET_SOURCE_DIR) + "/models/" + name;
}

struct CompiledModel {
  std::vector<ir::Module> modules;
  codegen::Compiled compiled;
  codegen::CompileOptions options;
  std::unique_ptr<codegen::Loaded> loaded;
  const linnet_model_v1* model = nullptr;
};

struct BuildRequest {
  std::string model = "lenet";
  std::string weights = "lenet.safetensors";  // of models/data; "" for none
  std::string target = "native";
  int64_t batch = 1;
  int jobs = 2;
  bool product = true;
  std::string name;
  int threads = 1;  // above 1 every kernel splits its tiles, however short it is
  std::vector<std::pair<std::string, std::string>> settings = {};
};

inline CompiledModel build(const BuildRequest& request) {
  CompiledModel result;
  const auto target = codegen::find_target(request.target);
  EXPECT_TRUE(target.ok) << target.message;
  std::vector<int64_t> batches = {request.batch};
  if (request.batch != 1) batches.push_back(1);
  for (int64_t batch : batches) {
    SourceManager sources;
    Diagnostics diagnostics(sources);
    frontend::ImportOptions import;
    import.settings = request.settings;
    import.binds["N"] = batch;
    auto module =
        frontend::load_model(source_path(request.model + ".lin"), sources, import, diagnostics);
    EXPECT_TRUE(module.has_value()) << diagnostics.text();
    if (!request.weights.empty()) {
      EXPECT_TRUE(
          frontend::load_weights(source_path("data/" + request.weights), {}, *module, diagnostics))
          << diagnostics.text();
    }
    passes::PassContext context;
    context.target = target.target.info;
    passes::PipelineOptions options;
    options.verify = true;
    auto planned = passes::run_pipeline(std::move(*module), passes::pipeline(), options, context);
    EXPECT_EQ(planned.broken, "");
    for (ir::Graph& kernel : planned.module.kernels) {
      if (request.threads > 1) kernel.schedule->parameters.emplace_back(passes::kThreads, 1);
    }
    result.modules.push_back(std::move(planned.module));
  }
  result.options.name = request.name.empty() ? request.model : request.name;
  result.options.target = target.target;
  result.options.jobs = request.jobs;
  result.options.product = request.product;
  result.options.threads = request.threads;
  result.options.batched = true;
  result.options.keep_text = true;
  auto compiled = codegen::compile(result.modules, result.options);
  EXPECT_TRUE(compiled.has_value()) << compiled.error().message;
  if (!compiled) return result;
  result.compiled = *std::move(compiled);
  if (!codegen::runs_here(target.target)) return result;
  auto loaded = codegen::load(result.compiled);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
  if (loaded) result.loaded = *std::move(loaded);
  if (result.loaded && request.product)
    result.model =
        static_cast<const linnet_model_v1*>(result.loaded->symbol("linnet_product_model"));
  return result;
}

// The 360 test digits as the models take them: pixel / 255.
inline std::vector<float> digits() {
  const auto bytes = read_file(source_path("data/digits/t10k-images-idx3-ubyte"));
  std::vector<float> values;
  for (size_t i = 16; i < bytes->size(); ++i)
    values.push_back(static_cast<float>((*bytes)[i]) / 255.0F);
  return values;
}

inline std::vector<uint8_t> labels() {
  const auto bytes = read_file(source_path("data/digits/t10k-labels-idx1-ubyte"));
  return {bytes->begin() + 8, bytes->end()};
}

inline std::vector<float> expected_logits(const std::string& name) {
  const auto tensor = read_npy(source_path("data/" + name));
  const auto values = tensor->as<float>();
  return {values.begin(), values.end()};
}

}  // namespace linnet::models
