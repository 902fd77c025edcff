// What a call promises: memory, symbols, system calls, stack, flags, the same bits.
#include "tests/models/compiled_model.h"
#include "tests/models/exact_stack.h"

#include "base/integers.h"
#include "codegen/check/guarded.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

namespace linnet::models {
namespace {

using codegen::Guard;
using codegen::GuardedMemory;

const CompiledModel& lenet() {
  static const CompiledModel model = build({});
  return model;
}

// One digit's logits with buffers of one's own.
std::vector<float> logits_of(const linnet_entry_v1& entry, const float* image, std::byte* in,
                             std::byte* out, std::byte* arena) {
  std::memcpy(in, image, 784 * sizeof(float));
  const void* inputs = in;
  void* outputs = out;
  EXPECT_EQ(entry.call(&inputs, &outputs, nullptr, arena), 0);
  std::vector<float> logits(10);
  std::memcpy(logits.data(), out, 40);
  return logits;
}

void fill_with_signalling_nans(std::byte* memory, size_t bytes) {
  const uint32_t nan = 0x7fa00000;
  for (size_t i = 0; i + 4 <= bytes; i += 4)
    std::memcpy(memory + i, &nan, 4);
}

// Inputs, outputs and arena end and begin at pages that may not be touched; the arena holds
// signalling NaNs; every offset of 4 bytes; the bits never differ.
TEST(Call, TouchesNothingElse) {
  const linnet_entry_v1& entry = lenet().model->entries[0];
  const auto x = digits();
  std::vector<float> first;
  for (Guard guard : {Guard::kAfter, Guard::kBefore}) {
    for (size_t offset = 0; offset < 64; offset += 4) {
      const size_t room = guard == Guard::kBefore ? offset : 0;
      GuardedMemory in(784 * 4 + room, guard, 4);
      GuardedMemory out(40 + room, guard, 4);
      GuardedMemory arena(static_cast<size_t>(entry.arena_bytes), guard, 64);
      fill_with_signalling_nans(arena.data(), arena.size());
      const auto logits =
          logits_of(entry, x.data(), in.data() + room, out.data() + room, arena.data());
      if (first.empty()) first = logits;
      EXPECT_EQ(std::memcmp(logits.data(), first.data(), 40), 0);
    }
  }
}

TEST(Call, RefusesABadArena) {
  const linnet_entry_v1& entry = lenet().model->entries[0];
  const auto x = digits();
  std::vector<float> logits(10);
  const void* in = x.data();
  void* out = logits.data();
  alignas(64) static std::byte arena[1 << 16];
  EXPECT_EQ(entry.call(&in, &out, nullptr, nullptr), LINNET_ARENA_NULL);
  EXPECT_EQ(entry.call(&in, &out, nullptr, arena + 32), LINNET_ARENA_MISALIGNED);
  EXPECT_EQ(entry.call(&in, &out, nullptr, arena), LINNET_DONE);
}

// Strict mode lets a process read, write and exit, and kills it for anything else.
TEST(Call, MakesNoSystemCall) {
  const linnet_entry_v1& entry = lenet().model->entries[0];
  const auto x = digits();
  std::vector<float> logits(10);
  const void* in = x.data();
  void* out = logits.data();
  GuardedMemory arena(static_cast<size_t>(entry.arena_bytes), Guard::kAfter, 64);
  entry.call(&in, &out, nullptr, arena.data());  // pages of the code are there now
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    const int status = entry.call(&in, &out, nullptr, arena.data());
    syscall(SYS_exit, status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Call, NeedsNoMoreStackThanItSays) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's memset takes a stack of its own";
#endif
  const linnet_entry_v1& entry = lenet().model->entries[0];
  ASSERT_EQ(entry.stack_bytes, lenet().compiled.stack_bytes);
  std::vector<float> logits(10);
  EXPECT_EQ(call_on_exact_stack(entry, digits().data(), logits.data()), 0);
}

// The size of the unpooled output of LeNet's first convolution, which is therefore never stored.
TEST(Call, LenetTakesLessThanTheFirstConvolution) {
  const codegen::Compiled& compiled = lenet().compiled;
  EXPECT_LT(compiled.arena_bytes + compiled.stack_bytes, 18816);
  EXPECT_EQ(lenet().modules.front().kernels.size(), 5u);
}

TEST(Call, LeavesMxcsrAlone) {
  const linnet_entry_v1& entry = lenet().model->entries[0];
  std::vector<float> x(784, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> logits(10);
  const void* in = x.data();
  void* out = logits.data();
  GuardedMemory arena(static_cast<size_t>(entry.arena_bytes), Guard::kAfter, 64);
  const unsigned before = _mm_getcsr() & 0xffc0;  // all but the exceptions that were met
  EXPECT_EQ(entry.call(&in, &out, nullptr, arena.data()), 0);
  EXPECT_EQ(_mm_getcsr() & 0xffc0, before);
  for (float value : logits)
    EXPECT_TRUE(std::isnan(value));  // NaN propagates through relu and max
}

TEST(Code, HasNoFloatingPointFlagAndNoBuffers) {
  for (const char* target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    BuildRequest request;
    request.target = target;
    const std::string text = build(request).compiled.llvm;
    EXPECT_NE(text.find("define"), std::string::npos);
    const std::regex flags(
        R"(\bf(add|sub|mul|div|neg|cmp)\s+(fast|reassoc|nnan|ninf|nsz|arcp|contract|afn)\b)");
    EXPECT_FALSE(std::regex_search(text, flags)) << target;
    EXPECT_EQ(text.find("alloca [56 x i8]"), std::string::npos) << target;  // halide_buffer_t
    EXPECT_EQ(text.find("malloc"), std::string::npos) << target;
  }
}

// Symbols of the library: its own begin with its name; it asks for nothing but these three.
TEST(Code, AsksForNothingButMemory) {
  BuildRequest request;
  request.product = false;
  const CompiledModel model = build(request);
  const std::string path = testing::TempDir() + "/linnet_symbols.a";
  ASSERT_TRUE(write_archive(model.compiled, path).has_value());
  const std::string list = path + ".txt";
  ASSERT_EQ(std::system(("nm " + path + " > " + list).c_str()), 0);
  std::ifstream in(list);
  int global = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::vector<std::string> w;
    for (std::string word; words >> word;)
      w.push_back(word);
    if (w.size() < 2) continue;
    const std::string& kind = w[w.size() - 2];
    const std::string& name = w.back();
    if (kind == "U") {
      const bool known =
          name == "memcpy" || name == "memset" || name == "memmove" || name == "lenet_constants";
      EXPECT_TRUE(known) << name;
    } else if (kind.size() == 1 && kind[0] >= 'A' && kind[0] <= 'Z') {
      ++global;
      EXPECT_TRUE(name.starts_with("lenet_")) << name;
    }
  }
  EXPECT_GE(global, 3);  // run, supported, labels
  std::remove(path.c_str());
  std::remove(list.c_str());
}

// Serial or parallel, today or tomorrow: the same bytes.
TEST(Code, IsTheSameEveryTime) {
  BuildRequest serial;
  serial.jobs = 1;
  BuildRequest parallel;
  parallel.jobs = 4;
  const CompiledModel a = build(serial);
  const CompiledModel b = build(parallel);
  EXPECT_EQ(a.compiled.object, b.compiled.object);
  EXPECT_EQ(a.compiled.constants, b.compiled.constants);
  EXPECT_EQ(a.compiled.header, b.compiled.header);
}

}  // namespace
}  // namespace linnet::models
