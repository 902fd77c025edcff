// message_times: what messages between two processes cost through liblinnet-mpi.so, by size, as
// JSON. `mpirun -n 2 message_times`.
#include "benchmarks/timing.h"
#include "runtime/train/processes.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace {

using namespace linnet::benchmarks;
using namespace linnet::runtime::train;

constexpr int64_t kMost = int64_t{1} << 24;  // bytes of a message

class Pair {
public:
  explicit Pair(const Processes& processes)
      : p_(processes), other_(1 - processes.rank()), data_(kMost) {}

  // There and back again, halved; both wait as training does behind its last kernel. What goes
  // back is what has come: the other core's cache has it, as it has sums.
  double half_round(int64_t bytes, int rounds) {
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
      const auto begin = Clock::now();
      if (p_.is_first()) send(bytes);
      receive(bytes);
      if (!p_.is_first()) send(bytes);
      times.push_back(ns_since(begin) / 2);
    }
    return median(times);
  }

  // One way: what a process spends in the library for a message, if it looks after it every 20 µs
  // only, as training does between its kernels.
  double inside(int64_t bytes, int rounds) {
    constexpr double kBetween = 20'000;
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
      if (p_.is_first()) std::ranges::fill_n(data_.begin(), bytes, static_cast<uint8_t>(i));
      half_round(8, 1);
      auto begin = Clock::now();
      const int64_t message = p_.is_first() ? p_.send(data_.data(), bytes, other_)
                                            : p_.receive(data_.data(), bytes, other_);
      double sum = ns_since(begin);
      for (bool done = false; !done;) {
        for (begin = Clock::now(); ns_since(begin) < kBetween;) {
        }
        begin = Clock::now();
        done = p_.passed(message);
        const double spent = ns_since(begin);
        if (done || spent > kIdle) sum += spent;
      }
      times.push_back(sum);
    }
    return median(times);
  }

  // What the first has, to the other, or the other way.
  double told(double value, bool by_first) {
    p_.wait(p_.is_first() == by_first ? p_.send(&value, sizeof value, other_)
                                      : p_.receive(&value, sizeof value, other_));
    return value;
  }

  // From one message to the next, of many small ones.
  double gap(int rounds) {
    constexpr int kCount = 64;
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
      half_round(8, 1);
      const auto begin = Clock::now();
      std::vector<int64_t> messages;
      for (int k = 0; k < kCount; ++k)
        messages.push_back(p_.is_first() ? p_.send(data_.data(), 8, other_)
                                         : p_.receive(data_.data(), 8, other_));
      for (const int64_t message : messages)
        p_.wait(message);
      times.push_back(ns_since(begin) / kCount);
    }
    return median(times);
  }

private:
  static constexpr double kIdle = 1'000;  // of a look that finds nothing to do, at most
  void send(int64_t bytes) { p_.wait(p_.send(data_.data(), bytes, other_)); }
  void receive(int64_t bytes) { p_.wait(p_.receive(data_.data(), bytes, other_)); }

  const Processes& p_;
  int64_t other_;
  std::vector<uint8_t> data_;
};

}  // namespace

int main() {
  auto joined = Processes::join();
  if (!joined || joined->count() != 2) {
    std::fprintf(stderr, "message_times: %s\n",
                 joined ? "is for two processes: mpirun -n 2" : joined.error().message.c_str());
    return 2;
  }
  Processes& processes = *joined;
  Pair pair(processes);
  pair.half_round(8, 100);  // connections
  const bool tells = processes.is_first();
  const double gap = pair.gap(20);
  if (tells) std::printf("{\"gap_ns\":%.1f,\"sizes\":[", gap);
  for (int64_t bytes = 8; bytes <= kMost; bytes *= 2) {
    pair.half_round(bytes, 2);
    // As many as a fifth of a second has room for.
    const double once = pair.told(pair.half_round(bytes, 3), true);
    if (once > 2e8) break;
    const int rounds = static_cast<int>(std::clamp(1e8 / once, 4.0, 200.0)) | 1;
    const double half = pair.half_round(bytes, rounds);
    const double spent = pair.inside(bytes, rounds);
    const double received = pair.told(spent, false);
    if (tells)
      std::printf("%s{\"bytes\":%lld,\"half_round_ns\":%.1f,\"send_ns\":%.1f,\"receive_ns\":%.1f}",
                  bytes == 8 ? "" : ",", static_cast<long long>(bytes), half, spent, received);
  }
  if (tells) std::printf("]}\n");
  return processes.end(0);
}
