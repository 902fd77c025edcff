// Batches of samples, read when they are needed or by a thread while the one before is used; and
// aligned memory for calls.
#pragma once

#include "base/memory.h"
#include "runtime/data/read_ahead.h"
#include "runtime/data/samples.h"

#include <cstring>
#include <exception>
#include <memory>
#include <vector>

namespace linnet::runtime::train {

// Batches cut out of samples, in any order. What cannot be read is left as it was: check() tells,
// and whoever uses a batch asks it before anything made of it is kept.
class Batches {
public:
  Batches(const linnet_trainer_v1& trainer, const Samples& samples)
      : samples_(samples), count_(port_count(trainer)), buffers_(count_), next_buffers_(count_) {}

  // Pointers to `count` samples, those numbered order[first] and on.
  const void* const* at(const std::vector<int64_t>& order, int64_t first, int64_t count) {
    reserve(count, 1);
    fill(order, first, 0, count);
    return part(0);
  }

  // The batch that fill() will be asked for from now on; if ahead() was told of it, it is read.
  void begin(const std::vector<int64_t>& order) {
    read_ = !reading_.empty() && ahead_.wait() && reading_ == order;
    if (read_) buffers_.swap(next_buffers_);
  }
  // Begins to read the batch after that one: `filled` of its samples, from number `from` on.
  // Samples in memory are not read ahead.
  void ahead(std::vector<int64_t> next, int64_t from, int64_t filled) {
    reading_.clear();
    if (samples_.held || next.empty()) return;
    reading_ = std::move(next);
    resize(next_buffers_, static_cast<int64_t>(reading_.size()));
    ahead_.start([this, from, filled] { read(next_buffers_, reading_, from, from, filled); });
  }

  // The same in pieces: memory for `count` samples in `parts` equal parts; then `filled` of them
  // from number `from` on, which other threads need not wait for; and pointers to a part.
  void reserve(int64_t count, int64_t parts) {
    pointers_.clear();
    resize(buffers_, count);
    for (int64_t part = 0; part < parts; ++part) {
      for (size_t i = 0; i < count_; ++i)
        pointers_.push_back(buffers_[i].data() +
                            bytes(i) * static_cast<size_t>(count / parts * part));
    }
  }
  void fill(const std::vector<int64_t>& order, int64_t first, int64_t from, int64_t filled) {
    if (!read_) read(buffers_, order, first + from, from, filled);
  }
  [[nodiscard]] Result<void> check() const { return samples_.check(); }
  [[nodiscard]] const void* const* part(int64_t part) const {
    return pointers_.data() + static_cast<size_t>(part) * count_;
  }

private:
  using Buffers = std::vector<std::vector<uint8_t>>;

  // Of one sample.
  [[nodiscard]] size_t bytes(size_t i) const { return static_cast<size_t>(samples_.bytes[i]); }
  void resize(Buffers& buffers, int64_t count) const {
    for (size_t i = 0; i < count_; ++i)
      buffers[i].resize(bytes(i) * static_cast<size_t>(count));
  }
  void read(Buffers& buffers, const std::vector<int64_t>& order, int64_t first, int64_t to,
            int64_t count) const {
    // On a thread of its own, or of the pool, no exception may leave it: a large picture, say, that
    // there is no memory for.
    try {
      std::vector<uint8_t*> data;
      for (size_t i = 0; i < count_; ++i)
        data.push_back(buffers[i].data() + bytes(i) * static_cast<size_t>(to));
      (void)samples_.fill(
          std::span(order).subspan(static_cast<size_t>(first), static_cast<size_t>(count)), data);
    } catch (const std::exception& error) {
      samples_.fault->set({"samples cannot be read: " + exception_text(error), Status::kMachine});
    }
  }

  const Samples& samples_;
  size_t count_;
  Buffers buffers_, next_buffers_;
  std::vector<const void*> pointers_;
  std::vector<int64_t> reading_;  // what the thread reads into next_buffers_
  bool read_ = false;             // buffers_ holds the batch that fill() is asked for
  ReadAhead ahead_;               // the last: its thread ends before the rest does
};

struct Aligned {
  std::unique_ptr<void, FreeMemory> memory;
  explicit Aligned(int64_t bytes) : memory(aligned_memory(bytes, "the arena of a step")) {}
};

}  // namespace linnet::runtime::train
