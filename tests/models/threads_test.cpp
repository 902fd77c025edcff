// A product's own threads: the bits of one, whatever their number and whoever else calls.
#include "tests/models/compiled_model.h"

#include "base/memory.h"
#include "base/philox.h"
#include "tests/models/exact_stack.h"

#include <cstring>
#include <fstream>
#include <linux/seccomp.h>
#include <set>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace linnet::models {
namespace {

// A call of a model, or so many steps, with memory of its own.
class Call {
public:
  explicit Call(const linnet_model_v1& model)
      : model_(model), arena_(aligned_memory(model.entries[0].arena_bytes, "arena")),
        state_(aligned_memory(model.stateful ? model.stream->state_bytes : 0, "state")) {
    const int64_t batch = model.entries[0].batch;
    for (int64_t i = 0; i < model.input_count; ++i)
      inputs_.push_back(values(model.inputs[i], batch, static_cast<uint32_t>(i)));
    for (int64_t i = 0; i < model.output_count; ++i)
      outputs_.push_back(values(model.outputs[i], batch, 0));
  }
  // All outputs, from the same inputs each time.
  std::vector<float> operator()() {
    if (model_.stateful) model_.stream->reset(state_.get());
    std::vector<const void*> in;
    std::vector<void*> out;
    for (const auto& input : inputs_)
      in.push_back(input.data());
    for (auto& output : outputs_) {
      std::fill(output.begin(), output.end(), -1.0F);
      out.push_back(output.data());
    }
    EXPECT_EQ(model_.entries[0].call(in.data(), out.data(), state_.get(), arena_.get()), 0);
    std::vector<float> all;
    for (const auto& output : outputs_)
      all.insert(all.end(), output.begin(), output.end());
    return all;
  }

private:
  static std::vector<float> values(const linnet_port_v1& port, int64_t batch, uint32_t stream) {
    int64_t count = batch;
    for (int64_t i = 0; i < port.rank; ++i)
      count *= port.dims[i];
    std::vector<float> result(static_cast<size_t>(count));
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = philox_uniform_f32(1, stream, 0, i);
    return result;
  }

  const linnet_model_v1& model_;
  std::unique_ptr<void, FreeMemory> arena_, state_;
  std::vector<std::vector<float>> inputs_, outputs_;
};

struct Case {
  std::string model, weights;
  int64_t batch = 1;
  bool has_tiles = true;  // some kernel has more than one
};

BuildRequest request(const Case& of, int threads) {
  BuildRequest request;
  request.model = of.model;
  request.weights = of.weights;
  request.batch = of.batch;
  request.threads = threads;
  return request;
}

class Threads : public testing::TestWithParam<Case> {};

// Every kernel is split, however short: a thousand calls, the numbers of threads in turn.
TEST_P(Threads, ChangeNoBit) {
  const CompiledModel serial = build(request(GetParam(), 1));
  const CompiledModel split = build(request(GetParam(), 4));
  if (!split.model) GTEST_SKIP() << "not this CPU's";
  ASSERT_EQ(serial.model->threads, nullptr);
  ASSERT_NE(split.model->threads, nullptr);
  EXPECT_EQ(split.model->threads->most, 4);
  EXPECT_EQ(split.compiled.llvm.find("@linnet_pool_v1_run") != std::string::npos,
            GetParam().has_tiles);
  const std::vector<float> expected = Call(*serial.model)();
  Call call(*split.model);
  EXPECT_EQ(std::memcmp(call().data(), expected.data(), expected.size() * 4), 0) << "not started";
  for (int i = 0; i < 1000; ++i) {
    if (i % 50 == 0) {
      ASSERT_EQ(split.model->threads->start(1 + i / 50 % 4, i % 100), LINNET_DONE);
    }
    ASSERT_EQ(std::memcmp(call().data(), expected.data(), expected.size() * 4), 0)
        << "call " << i << " of " << 1 + i / 50 % 4 << " threads";
  }
  split.model->threads->stop();
}

INSTANTIATE_TEST_SUITE_P(
    Each, Threads,
    testing::Values(Case{"lenet", "lenet.safetensors"}, Case{"lenet", "lenet.safetensors", 3},
                    Case{"mlp", "mlp.safetensors", 1, false}, Case{"mlp", "mlp.safetensors", 8},
                    Case{"ds_cnn", ""}, Case{"latent_ar", ""}),
    [](const auto& info) { return info.param.model + "_" + std::to_string(info.param.batch); });

const CompiledModel& lenet() {
  static const CompiledModel model = build(request({"lenet", "lenet.safetensors"}, 4));
  return model;
}

// Strict mode lets a process read, write and exit, and kills it for anything else.
TEST(ThreadsNotStarted, MakeNoSystemCall) {
  const linnet_entry_v1& entry = lenet().model->entries[0];
  const auto x = digits();
  float logits[10];
  const void* in = x.data();
  void* out = logits;
  const auto arena = aligned_memory(entry.arena_bytes, "arena");
  ASSERT_EQ(entry.call(&in, &out, nullptr, arena.get()), 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    const int status = entry.call(&in, &out, nullptr, arena.get());
    syscall(SYS_exit, status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ThreadsStarted, NeedNoMoreStackThanTheySay) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memset takes a stack of its own";
#endif
  const CompiledModel& model = lenet();
  ASSERT_EQ(model.model->threads->start(3, 0), LINNET_DONE);
  const auto x = digits();
  for (int i = 0; i < 100; ++i) {
    std::vector<float> logits(10);
    EXPECT_EQ(call_on_exact_stack(model.model->entries[0], x.data(), logits.data()), 0);
  }
  model.model->threads->stop();
  EXPECT_GE(model.compiled.thread_bytes, model.compiled.stack_bytes + 16384);
  EXPECT_NE(model.compiled.header.find("#define LENET_THREAD_BYTES " +
                                       std::to_string(model.compiled.thread_bytes) + "\n"),
            std::string::npos);
}

// What a library asks of libc beside memory; nothing of libstdc++, so that C programs link.
TEST(ThreadsOfALibrary, AskForLibcAlone) {
  BuildRequest wanted = request({"lenet", "lenet.safetensors"}, 2);
  wanted.product = false;
  const CompiledModel model = build(wanted);
  const std::string path = testing::TempDir() + "/linnet_threads_symbols.a";
  ASSERT_TRUE(write_archive(model.compiled, path).has_value());
  ASSERT_EQ(std::system(("nm -u " + path + " > " + path + ".txt").c_str()), 0);
  const std::set<std::string> known = {"_GLOBAL_OFFSET_TABLE_",  // the linker's own
                                       "memcpy",
                                       "memset",
                                       "memmove",
                                       "lenet_constants",
                                       "clock_gettime",
                                       "sched_yield",
                                       "sigfillset",
                                       "syscall",
                                       "sysconf",
                                       "pthread_atfork",
                                       "pthread_attr_destroy",
                                       "pthread_attr_init",
                                       "pthread_attr_setstacksize",
                                       "pthread_create",
                                       "pthread_join",
                                       "pthread_sigmask"};
  std::ifstream in(path + ".txt");
  int asked = 0;
  for (std::string kind, name; in >> kind;) {
    if (kind != "U") continue;
    in >> name;
    ++asked;
    EXPECT_TRUE(known.contains(name) || name.starts_with("linnet_pool_v1_")) << name;
  }
  EXPECT_GE(asked, 10);
  std::remove(path.c_str());
  std::remove((path + ".txt").c_str());
}

// Without threads nothing of them is in a product.
TEST(OneThread, IsTheProductWithoutThem) {
  const CompiledModel model = build(request({"lenet", "lenet.safetensors"}, 1));
  EXPECT_EQ(model.compiled.thread_bytes, 0);
  EXPECT_EQ(model.compiled.header.find("THREAD_"), std::string::npos);
  EXPECT_EQ(model.compiled.header.find("_threads_"), std::string::npos);
  EXPECT_EQ(model.compiled.llvm.find("linnet_pool"), std::string::npos);
}

}  // namespace
}  // namespace linnet::models
