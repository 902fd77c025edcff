// NAME_step, NAME_steps, NAME_reset, NAME_state_check: the calls of a model with state.
#include "tests/models/compiled_model.h"

#include "base/integers.h"
#include "base/philox.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <malloc.h>

namespace linnet::models {
namespace {

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory make(int64_t bytes) {
  return Memory(std::aligned_alloc(64, round_up(static_cast<size_t>(bytes), 64) + 64));
}

// A model's stream with memory of its own, through the symbols of its library.
class Stream {
public:
  explicit Stream(const CompiledModel& built)
      : abi_(*built.model->stream), state_(make(abi_.state_bytes)), arena_(make(abi_.arena_bytes)) {
    // What a call leaves in the arena, nobody reads: signalling NaNs would show it.
    auto* words = static_cast<uint32_t*>(arena_.get());
    std::fill(words, words + abi_.arena_bytes / 4, 0x7fa00000u);
    abi_.reset(state_.get());
  }
  float step(float x) {
    float y = 0;
    const void* in = &x;
    void* out = &y;
    EXPECT_EQ(abi_.step(&in, &out, state_.get(), arena_.get()), 0);
    return y;
  }
  std::vector<float> steps(const std::vector<float>& x) {
    std::vector<float> y(x.size());
    const void* in = x.data();
    void* out = y.data();
    EXPECT_EQ(abi_.steps(&in, &out, static_cast<int64_t>(x.size()), state_.get(), arena_.get()), 0);
    return y;
  }
  [[nodiscard]] std::vector<uint8_t> snapshot() const {
    const auto* bytes = static_cast<const uint8_t*>(state_.get());
    return {bytes, bytes + abi_.state_bytes};
  }
  void restore(const std::vector<uint8_t>& bytes) {
    std::memcpy(state_.get(), bytes.data(), bytes.size());
  }
  const linnet_stream_v1& abi_;
  Memory state_, arena_;
};

std::vector<float> series(size_t count) {
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i)
    x[i] = philox_uniform_f32(1, 2, 3, i) - 0.5F;
  return x;
}

class Streams : public testing::TestWithParam<std::string> {
protected:
  static CompiledModel model() {
    return build({.model = GetParam(), .weights = "", .name = GetParam()});
  }
};

TEST_P(Streams, ABlockHasTheBitsOfSingleSteps) {
  const CompiledModel built = model();
  const std::vector<float> x = series(100);
  Stream single(built), block(built);
  std::vector<float> expected;
  for (float value : x)
    expected.push_back(single.step(value));
  EXPECT_EQ(block.steps(x), expected);
  EXPECT_EQ(block.snapshot(), single.snapshot());
}

TEST_P(Streams, AStateRestoredGoesOn) {
  const CompiledModel built = model();
  const std::vector<float> x = series(64);
  Stream one(built), other(built);
  (void)one.steps({x.begin(), x.begin() + 32});
  other.restore(one.snapshot());
  const std::vector<float> rest(x.begin() + 32, x.end());
  EXPECT_EQ(one.steps(rest), other.steps(rest));
}

TEST_P(Streams, ResetForgets) {
  const CompiledModel built = model();
  Stream stream(built);
  const auto first = stream.steps(series(20));
  stream.abi_.reset(stream.state_.get());
  EXPECT_EQ(stream.steps(series(20)), first);
}

TEST_P(Streams, StatesAreChecked) {
  const CompiledModel built = model();
  Stream stream(built);
  EXPECT_EQ(stream.abi_.check(stream.state_.get()), 0);
  EXPECT_EQ(stream.abi_.check(nullptr), LINNET_STATE_INVALID);
  auto* bytes = static_cast<uint8_t*>(stream.state_.get());
  EXPECT_EQ(stream.abi_.check(bytes + 4), LINNET_STATE_INVALID);
  const float x = 0;
  float y = 0;
  const void* in = &x;
  void* out = &y;
  EXPECT_EQ(stream.abi_.step(&in, &out, nullptr, stream.arena_.get()), LINNET_STATE_INVALID);
  EXPECT_EQ(stream.abi_.steps(&in, &out, 1, bytes + 8, stream.arena_.get()), LINNET_STATE_INVALID);
  EXPECT_EQ(stream.abi_.steps(&in, &out, 0, bytes, stream.arena_.get()), 0);
  bytes[5] ^= 1;
  EXPECT_EQ(stream.abi_.check(bytes), LINNET_STATE_INVALID);
}

int64_t resident_pages() {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident;
}

// Ten million steps: memory as before, nothing allocated, and half-way restored the same end.
TEST_P(Streams, TenMillionStepsTakeNoMemory) {
  const CompiledModel built = model();
  Stream stream(built), restored(built);
  const std::vector<float> x = series(1000);
  std::vector<float> y(x.size());
  const void* in = x.data();
  void* out = y.data();
  const int64_t blocks = GetParam() == "ar" ? 10000 : 200;  // of the slow ones a fiftieth
  const auto run = [&](Stream& s, int64_t from) {
    for (int64_t i = from; i < blocks; ++i) {
      if (&s == &stream && i == blocks / 2) restored.restore(s.snapshot());
      s.abi_.steps(&in, &out, static_cast<int64_t>(x.size()), s.state_.get(), s.arena_.get());
    }
    return y;
  };
  (void)run(restored, blocks - 1);  // its pages are touched
  restored.abi_.reset(restored.state_.get());
  const int64_t pages = resident_pages();
  const auto heap = mallinfo2().uordblks;
  const std::vector<float> whole = run(stream, 0);
  EXPECT_LE(resident_pages() - pages, 64);  // one byte a step would be 2,441
  EXPECT_LE(static_cast<int64_t>(mallinfo2().uordblks - heap), 8192);  // the snapshot and `whole`
  EXPECT_EQ(run(restored, blocks / 2), whole);
}

INSTANTIATE_TEST_SUITE_P(Models, Streams,
                         testing::Values("ar", "ar_mlp", "latent_ar", "latent_ar_lstm"),
                         [](const auto& info) { return info.param; });

// A window that is full gives what NAME_run gives of it.
TEST(StreamOfWindows, IsTheModelOfItsWindow) {
  const CompiledModel built = build({.model = "ar", .weights = "", .name = "ar"});
  Stream stream(built);
  const std::vector<float> x = series(40);
  const auto y = stream.steps(x);
  EXPECT_EQ(built.model->stream->warmup, 3);
  for (size_t t = 3; t < x.size(); ++t) {
    float answer = 0;
    const void* in = x.data() + t - 3;
    void* out = &answer;
    ASSERT_EQ(built.model->entries[0].call(&in, &out, nullptr, stream.arena_.get()), 0);
    EXPECT_NEAR(answer, y[t], 1e-6) << t;
  }
}

// The window moves in whole vectors, with and without room behind it, in a loop from 17 vectors on.
TEST(StreamOfWindows, HasTheBitsOfTheWholeSeriesForEveryLength) {
  for (const char* target : {"x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    for (int p : {2, 4, 9, 16, 17, 70, 257}) {
      SCOPED_TRACE(std::string(target) + ", p = " + std::to_string(p));
      const CompiledModel built = build({.model = "ar",
                                         .weights = "",
                                         .target = target,
                                         .name = "ar",
                                         .settings = {{"p", std::to_string(p)}}});
      if (!built.model) continue;
      Stream block(built), single(built);
      const auto lags = static_cast<size_t>(p);
      const std::vector<float> x = series(2 * lags + 40);
      const auto y = block.steps(x);
      // The state is the newest values, the oldest first, and goes on from a copy half-way.
      std::vector<float> half;
      for (size_t t = 0; t < lags + 5; ++t)
        half.push_back(single.step(x[t]));
      EXPECT_EQ(half, std::vector<float>(y.begin(), y.begin() + p + 5));
      Stream restored(built);
      restored.restore(single.snapshot());
      EXPECT_EQ(restored.steps({x.begin() + p + 5, x.end()}),
                std::vector<float>(y.begin() + p + 5, y.end()));
      EXPECT_EQ(restored.snapshot(), block.snapshot());
      EXPECT_EQ(std::memcmp(static_cast<std::byte*>(block.state_.get()) + 64,
                            x.data() + x.size() - lags, lags * sizeof(float)),
                0);
      for (size_t t = lags - 1; t < x.size(); ++t) {
        float answer = 0;
        const void* in = x.data() + t + 1 - lags;
        void* out = &answer;
        ASSERT_EQ(built.model->entries[0].call(&in, &out, nullptr, block.arena_.get()), 0);
        EXPECT_EQ(answer, y[t]) << t;
      }
    }
  }
}

}  // namespace
}  // namespace linnet::models
