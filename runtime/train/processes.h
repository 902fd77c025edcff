// The processes that train one model together, and what each hears of the others.
#pragma once

#include "base/abi/mpi.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <span>

namespace linnet::runtime::train {

// Of whoever looks again and again whether something has come: first without leaving the core, then
// leaving it to others that have work, at last asleep between looks: where processes are more than
// cores, the one that is waited for may need this one.
class Patience {
public:
  void looked_in_vain();

private:
  int looks_ = 0;
};

class Processes {
public:
  // This one, alone.
  Processes() = default;
  // Those that a launcher of MPI started, by the library that runtime/mpi/linnet_mpi.c becomes; the
  // one alone where no launcher is seen. An error where there is a launcher, but no library, or one
  // of another MPI: each process would train by itself, and write over what the others wrote.
  [[nodiscard]] static Result<Processes> join();
  // By a library that has started.
  Processes(const linnet_mpi_v1& mpi, int64_t rank, int64_t count)
      : mpi_(&mpi), rank_(rank), count_(count) {}

  [[nodiscard]] int64_t rank() const { return rank_; }
  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] bool together() const { return count_ > 1; }
  // The one that prints and writes.
  [[nodiscard]] bool is_first() const { return rank_ == 0; }

  // Messages, of those that are together (base/abi/mpi.h).
  [[nodiscard]] int64_t send(const void* data, int64_t bytes, int64_t to, int64_t tag = 0) const {
    return mpi_->send(data, bytes, to, tag);
  }
  [[nodiscard]] int64_t receive(void* data, int64_t bytes, int64_t from, int64_t tag = 0) const {
    return mpi_->receive(data, bytes, from, tag);
  }
  [[nodiscard]] bool passed(int64_t message) const { return mpi_->passed(message) != 0; }
  // Leaves the core to others after a while.
  void wait(int64_t message) const;

  // All call these. The first number that is not equal everywhere; nullopt where all are.
  [[nodiscard]] std::optional<size_t> first_difference(std::span<const uint64_t> numbers) const;
  // The greatest number that any of them brings.
  [[nodiscard]] uint64_t greatest(uint64_t mine) const;
  // Nothing where no process brings an error. Else all end: the error to be told here, without a
  // message where another process tells it.
  [[nodiscard]] Result<void> agree(const Result<void>& mine);
  // `values` are `pieces` equal parts, of which process i has filled in those from first_piece(i)
  // to first_piece(i + 1); afterwards every process has all of them.
  void share(std::span<double> values, int64_t pieces) const;
  // As evenly as it goes.
  [[nodiscard]] int64_t first_piece(int64_t rank, int64_t pieces) const {
    return pieces * rank / count_;
  }

  // Where all of them stop for a reason that all know.
  void end_together() { ended_ = true; }
  // An error as it is told: one that only this process has gets its number in front.
  [[nodiscard]] Error told(Error error) const;
  // The end of this program, with its exit status; of all of them where the others do not know of a
  // failure.
  [[nodiscard]] int end(int status) const;

private:
  const linnet_mpi_v1* mpi_ = nullptr;
  int64_t rank_ = 0, count_ = 1;
  bool ended_ = false;
};

}  // namespace linnet::runtime::train
