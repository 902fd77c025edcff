// The cache of kernels: what is a hit, what is not, and that the bytes never depend on it.
#include "codegen/cache/cache.h"

#include "base/io/file.h"
#include "codegen/cache/hash.h"
#include "codegen/cache/workers.h"
#include "codegen/emit/compile.h"
#include "codegen/lower/bitcode.h"
#include "frontend/load.h"
#include "ir/builder.h"
#include "passes/run/run_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace linnet::codegen {
namespace {

using testing::HasSubstr;

Target target_of(const std::string& name) {
  const FoundTarget found = find_target(name);
  EXPECT_TRUE(found.ok) << found.message;
  return found.target;
}

// The module of a model after the whole pipeline.
ir::Module planned(const std::string& text, const Target& target) {
  const std::string path =
      testing::TempDir() + "/linnet_cache_" + std::to_string(getpid()) + ".lin";
  EXPECT_TRUE(write_file(path, text));
  SourceManager sources;
  Diagnostics diagnostics(sources);
  auto module = frontend::load_model(path, sources, {}, diagnostics);
  unlink(path.c_str());
  if (!module) {
    ADD_FAILURE() << diagnostics.text(false);
    return {};
  }
  passes::PassContext context;
  context.target = target.info;
  return passes::run_pipeline(std::move(*module), passes::pipeline(), {}, context).module;
}

std::vector<std::byte> object_of(const ir::Module& module, const Target& target, Cache* cache) {
  CompileOptions options;
  options.name = "m";
  options.target = target;
  options.cache = cache;
  const auto compiled = compile({&module, 1}, options);
  EXPECT_TRUE(compiled.has_value()) << compiled.error().message;
  return compiled ? compiled->object : std::vector<std::byte>{};
}

class CacheFolder : public testing::Test {
protected:
  void SetUp() override {
    parent_ = testing::TempDir() + "/linnet_cache_XXXXXX";
    ASSERT_NE(mkdtemp(parent_.data()), nullptr);
    folder_ = parent_ + "/kernels";
  }
  void TearDown() override { std::system(("rm -rf '" + parent_ + "'").c_str()); }

  [[nodiscard]] Cache open() const {
    auto cache = Cache::open(folder_);
    EXPECT_TRUE(cache.has_value());
    return std::move(*cache);
  }
  [[nodiscard]] std::string path(const std::string& key) const { return folder_ + "/" + key; }
  [[nodiscard]] std::string entry(const std::string& key) const {
    const auto bytes = read_file(path(key));
    return bytes ? std::string(bytes->begin(), bytes->end()) : "";
  }
  [[nodiscard]] std::vector<std::string> files() const {
    return list_folder(folder_).value_or(std::vector<std::string>{});
  }

  std::string parent_, folder_;
  const std::string key_ = sha256("one"), other_ = sha256("two");
};

TEST_F(CacheFolder, KeepsWhatIsStored) {
  Cache cache = open();
  EXPECT_EQ(cache.find(key_), std::nullopt);
  const std::string bitcode("BC\0\xff with a NUL", 16);
  cache.store(key_, bitcode);
  EXPECT_EQ(cache.trouble(), "");
  EXPECT_EQ(cache.find(key_), bitcode);
  EXPECT_EQ(cache.find(other_), std::nullopt);
  EXPECT_EQ(open().find(key_), bitcode);  // by another process
  EXPECT_EQ(files(), std::vector{key_});
}

TEST_F(CacheFolder, ADamagedEntryIsNoneAndIsReplaced) {
  Cache cache = open();
  cache.store(key_, "bitcode");
  const std::string whole = entry(key_);
  for (size_t i = 0; i < whole.size(); i += 3) {
    std::string flipped = whole;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    ASSERT_TRUE(write_file(path(key_), flipped));
    EXPECT_EQ(cache.find(key_), std::nullopt) << "byte " << i;
    ASSERT_TRUE(write_file(path(key_), whole.substr(0, i)));
    EXPECT_EQ(cache.find(key_), std::nullopt) << "cut at " << i;
  }
  ASSERT_TRUE(write_file(path(key_), whole + "x"));
  EXPECT_EQ(cache.find(key_), std::nullopt);
  cache.store(key_, "bitcode");
  EXPECT_EQ(entry(key_), whole);
  EXPECT_EQ(cache.find(key_), "bitcode");
}

TEST_F(CacheFolder, AnEntryOfAnotherKeyIsNone) {
  Cache cache = open();
  cache.store(other_, "of another kernel");
  ASSERT_EQ(rename(path(other_).c_str(), path(key_).c_str()), 0);
  EXPECT_EQ(cache.find(key_), std::nullopt);
}

// In a folder that many may write, a link must not lead a write elsewhere, nor a pipe hang it.
TEST_F(CacheFolder, NeitherFollowsLinksNorWaitsForPipes) {
  Cache cache = open();
  cache.store(other_, "bitcode");
  const std::string victim = parent_ + "/victim";
  ASSERT_TRUE(write_file(victim, "precious"));
  ASSERT_EQ(symlink(victim.c_str(), path(key_).c_str()), 0);
  EXPECT_EQ(cache.find(key_), std::nullopt);
  cache.store(key_, "bitcode");
  EXPECT_EQ(cache.find(key_), "bitcode");
  EXPECT_EQ(read_file(victim)->size(), 8U);
  ASSERT_EQ(unlink(path(key_).c_str()), 0);
  ASSERT_EQ(mkfifo(path(key_).c_str(), 0600), 0);
  EXPECT_EQ(cache.find(key_), std::nullopt);
  cache.store(key_, "bitcode");
  EXPECT_EQ(cache.find(key_), "bitcode");
}

TEST_F(CacheFolder, SaysWhyItCannotBeUsed) {
  folder_ = parent_ + "/missing/kernels";
  EXPECT_THAT(Cache::open(folder_).error(),
              HasSubstr("/missing/kernels: cannot be made: No such file or directory"));
  ASSERT_TRUE(write_file(parent_ + "/file", "x"));
  EXPECT_THAT(Cache::open(parent_ + "/file").error(), HasSubstr("/file: is not a folder"));
  auto cache = Cache::open("/proc/self");  // nobody may write there, root neither
  ASSERT_TRUE(cache.has_value());
  EXPECT_EQ(cache->trouble(), "");
  cache->store(key_, "bitcode");
  EXPECT_THAT(cache->trouble(), HasSubstr("/proc/self: cannot be written: "));
  EXPECT_EQ(cache->find(key_), std::nullopt);
}

TEST_F(CacheFolder, ManyAtOnceSeeAWholeEntryOrNone) {
  const std::string bitcode(100000, 'b');
  (void)open();
  const auto results = run_forked(8, 8, [&](size_t) {
    Cache cache = open();
    for (int i = 0; i < 200; ++i) {
      const auto found = cache.find(key_);
      if (found && *found != bitcode) return std::string("torn");
      cache.store(key_, bitcode);
      if (cache.find(key_) != bitcode) return std::string("lost");
    }
    return cache.trouble();
  });
  for (const WorkerResult& result : results) {
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(result.output, "");
  }
  EXPECT_EQ(files(), std::vector{key_});
}

std::vector<std::string> keys_of(const std::string& text, const Target& target) {
  std::vector<std::string> keys;
  for (const ir::Graph& kernel : planned(text, target).kernels)
    keys.push_back(kernel_key(kernel, target));
  std::ranges::sort(keys);
  return keys;
}

TEST(CacheKey, HoldsNoNameOfTheUsers) {
  const Target target = target_of("x86-64-v3");
  const auto keys = keys_of("model m(x: f32[N, 8]) -> y: f32[N, 4] {\n"
                            "  layer fc = linear(4)\n  let h = fc(x)\n  relu(h)\n}\n",
                            target);
  ASSERT_FALSE(keys.empty());
  EXPECT_EQ(keys_of("# another file\nmodel other(image: f32[N, 8]) -> logits: f32[N, 4] {\n"
                    "  layer classifier = linear(4)\n  let v3 = classifier(image)\n  relu(v3)\n}\n",
                    target),
            keys);
  EXPECT_NE(keys_of("model m(x: f32[N, 8]) -> y: f32[N, 5] {\n"
                    "  layer fc = linear(5)\n  let h = fc(x)\n  relu(h)\n}\n",
                    target),
            keys);
  EXPECT_NE(keys_of("model m(x: f32[N, 8]) -> y: f32[N, 4] {\n"
                    "  layer fc = linear(4)\n  let h = fc(x)\n  tanh(h)\n}\n",
                    target),
            keys);
}

ir::Graph elementwise(const ir::OpDef& op, ir::DType dtype) {
  ir::Graph graph;
  graph.name = "k";
  graph.schedule = ir::Schedule{"generic", {}};
  const ir::ValueId x = graph.add_input("x", {dtype, {100}, {}});
  graph.value(x).storage = ir::Storage{ir::Memory::kInput, 0};
  const auto y = ir::Builder(graph).at(ir::Place::named("test")).try_create(op, {x}, {});
  EXPECT_TRUE(y.has_value());
  graph.value(y->front()).storage = ir::Storage{ir::Memory::kOutput, 0};
  graph.outputs.push_back({"", y->front(), ""});
  return graph;
}

TEST(CacheKey, ChangesWithAllThatDecidesTheCode) {
  const Target target = target_of("x86-64-v3");
  const ir::Graph kernel = elementwise(ir::ops::relu, ir::DType::kF32);
  std::vector<std::string> keys = {kernel_key(kernel, target)};
  EXPECT_EQ(keys.front(), kernel_key(elementwise(ir::ops::relu, ir::DType::kF32), target));
  keys.push_back(kernel_key(elementwise(ir::ops::tanh, ir::DType::kF32), target));
  keys.push_back(kernel_key(elementwise(ir::ops::relu, ir::DType::kF64), target));
  ir::Graph scheduled = kernel;
  scheduled.schedule = ir::Schedule{"sums", {{"lanes", 8}}};
  keys.push_back(kernel_key(scheduled, target));
  scheduled.schedule = ir::Schedule{"sums", {{"lanes", 16}}};
  keys.push_back(kernel_key(scheduled, target));
  ir::Graph padded = kernel;
  padded.value(padded.inputs[0].value).storage = ir::Storage{ir::Memory::kArena, 0};
  keys.push_back(kernel_key(padded, target));
  for (const char* name : {"x86-64-v2", "x86-64-v4", "znver4"})
    keys.push_back(kernel_key(kernel, target_of(name)));
  std::ranges::sort(keys);
  EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
  for (const std::string& key : keys)
    EXPECT_EQ(key.size(), 64U);
}

TEST_F(CacheFolder, BytesDoNotDependOnIt) {
  const Target target = target_of("x86-64-v3");
  const ir::Module module =
      planned("model m(x: f32[N, 3, 12, 12]) -> y: f32[N, 10] {\n"
              "  layer conv = conv2d(8, kernel_size: 3)\n  layer fc = linear(10)\n"
              "  x |> conv |> relu |> max_pool2d(2) |> flatten |> fc |> softmax(dim: 1)\n}\n",
              target);
  ASSERT_GE(module.kernels.size(), 2U);
  const auto expected = object_of(module, target, nullptr);
  ASSERT_FALSE(expected.empty());
  Cache cache = open();
  EXPECT_EQ(object_of(module, target, &cache), expected);
  const std::vector<std::string> cold = files();
  EXPECT_EQ(cold.size(), module.kernels.size() + 1);  // and the object
  EXPECT_EQ(object_of(module, target, &cache), expected);
  // Each entry in turn damaged or gone: made again.
  for (const std::string& name : cold) {
    ASSERT_TRUE(write_file(folder_ + "/" + name, "damaged"));
    EXPECT_EQ(object_of(module, target, &cache), expected);
    EXPECT_TRUE(cache.find(name).has_value());
    ASSERT_EQ(unlink((folder_ + "/" + name).c_str()), 0);
    EXPECT_EQ(object_of(module, target, &cache), expected);
    EXPECT_TRUE(cache.find(name).has_value());
  }
  EXPECT_EQ(cache.trouble(), "");
}

// What a kernel and its values are called does not count.
TEST_F(CacheFolder, NamesDoNotDecideAKernelsKey) {
  const Target target = target_of("x86-64-v3");
  const auto kernel_of = [&](const std::string& layer) {
    return planned("model m(x: f32[1, 8]) -> y: f32[1, 8] {\n  layer " + layer +
                       " = linear(8)\n  x |> " + layer + "\n}\n",
                   target)
        .kernels.front();
  };
  const ir::Graph one = kernel_of("first"), other = kernel_of("second");
  EXPECT_EQ(one.name, "first");
  EXPECT_EQ(other.name, "second");
  EXPECT_EQ(kernel_key(one, target), kernel_key(other, target));
}

// A kernel that is found is taken: here a wrong one, to tell it from one made anew.
TEST_F(CacheFolder, AHitIsNotCompiledAgain) {
  const Target target = target_of("x86-64-v3");
  const auto module_of = [&](const std::string& op) {
    return planned("model m(x: f32[100]) -> y: f32[100] { " + op + "(x) }\n", target);
  };
  const ir::Module relu = module_of("relu");
  const ir::Module negative = module_of("neg");
  ASSERT_EQ(relu.kernels.size(), 1U);
  ASSERT_EQ(negative.kernels.size(), 1U);
  const auto bitcode =
      run_forked(1, 1, [&](size_t) { return kernel_bitcode(negative.kernels[0], target); });
  ASSERT_TRUE(bitcode[0].ok) << bitcode[0].output;
  Cache cache = open();
  cache.store(kernel_key(relu.kernels[0], target), bitcode[0].output);
  const auto wrong = object_of(relu, target, &cache);
  EXPECT_NE(wrong, object_of(relu, target, nullptr));
  // Nor is an object: it hangs together with the kernels it was made of.
  EXPECT_EQ(object_of(relu, target, &cache), wrong);
  EXPECT_EQ(files().size(), 2U);
}

}  // namespace
}  // namespace linnet::codegen
