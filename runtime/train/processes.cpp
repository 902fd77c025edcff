// What processes agree on, by the functions of the library that calls MPI.
#include "runtime/train/processes.h"

#include "base/text.h"

#include <algorithm>
#include <sched.h>
#include <unistd.h>
#include <vector>

namespace linnet::runtime::train {

std::optional<size_t> Processes::first_difference(std::span<const uint64_t> numbers) const {
  if (!together()) return std::nullopt;
  std::vector<uint64_t> least(numbers.size()), most(numbers.size());
  mpi_->least_and_most(numbers.data(), static_cast<int64_t>(numbers.size()), least.data(),
                       most.data());
  const auto at = static_cast<size_t>(std::ranges::mismatch(least, most).in1 - least.begin());
  return at < numbers.size() ? std::optional(at) : std::nullopt;
}

uint64_t Processes::greatest(uint64_t mine) const {
  uint64_t least = mine, most = mine;
  if (together()) mpi_->least_and_most(&mine, 1, &least, &most);
  return most;
}

Result<void> Processes::agree(const Result<void>& mine) {
  if (!together()) return mine;
  const auto status = static_cast<uint64_t>(mine ? Status::kDone : mine.error().status);
  uint64_t least = 0, most = 0;
  mpi_->least_and_most(&status, 1, &least, &most);
  if (most == 0) return {};
  const bool all = least != 0;
  Error error{"", static_cast<Status>(most)};
  if (!mine && all && is_first()) error = mine.error();
  if (!mine && !all) error = told(mine.error());
  ended_ = true;
  return tl::unexpected(error);
}

void Processes::wait(int64_t message) const {
  Patience patience;
  while (!passed(message))
    patience.looked_in_vain();
}

void Patience::looked_in_vain() {
  constexpr int kBeforeYield = 200, kBeforeSleep = 2000, kMicroseconds = 50;
  ++looks_;
  if (looks_ >= kBeforeSleep)
    usleep(kMicroseconds);
  else if (looks_ >= kBeforeYield)
    sched_yield();
}

void Processes::share(std::span<double> values, int64_t pieces) const {
  if (!together() || pieces == 0) return;
  const int64_t each = static_cast<int64_t>(values.size()) / pieces;
  const auto data = [&](int64_t of) { return values.data() + first_piece(of, pieces) * each; };
  const auto bytes = [&](int64_t of) {
    return (first_piece(of + 1, pieces) - first_piece(of, pieces)) * each * 8;
  };
  const auto whole = static_cast<int64_t>(values.size_bytes());
  std::vector<int64_t> messages;
  const auto finish = [&] {
    for (const int64_t message : messages)
      wait(message);
    messages.clear();
  };
  if (!is_first()) {
    wait(send(data(rank_), bytes(rank_), 0));
    wait(receive(values.data(), whole, 0));
    return;
  }
  for (int64_t other = 1; other < count_; ++other)
    messages.push_back(receive(data(other), bytes(other), other));
  finish();
  for (int64_t other = 1; other < count_; ++other)
    messages.push_back(send(values.data(), whole, other));
  finish();
}

Error Processes::told(Error error) const {
  if (together() && !ended_ && !error.message.empty())
    error.message = format("process %lld of %lld: %s", static_cast<long long>(rank_),
                           static_cast<long long>(count_), error.message.c_str());
  return error;
}

int Processes::end(int status) const {
  if (!together()) return status;
  if (status != 0 && !ended_) mpi_->abort(status);
  mpi_->stop();
  return status;
}

}  // namespace linnet::runtime::train
