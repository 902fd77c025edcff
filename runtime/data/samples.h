// Training data: a number of samples that are read when a batch needs them.
#pragma once

#include "base/result.h"
#include "runtime/data/source.h"

#include "base/abi/train.h"

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::runtime::train {

// A trainer's ports: its inputs, then its targets.
[[nodiscard]] inline size_t port_count(const linnet_trainer_v1& trainer) {
  return static_cast<size_t>(trainer.input_count + trainer.target_count);
}
[[nodiscard]] inline const linnet_port_v1& port_of(const linnet_trainer_v1& trainer, size_t i) {
  const auto inputs = static_cast<size_t>(trainer.input_count);
  return i < inputs ? trainer.inputs[i] : trainer.targets[i - inputs];
}

// The first error of a reading that went wrong, on whatever thread.
class Fault {
public:
  void set(Error error);
  [[nodiscard]] Result<void> check() const;

private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

// Samples 0 … count − 1, each the same number of bytes, in the trainer's float type or i64.
struct Samples {
  // `number` samples of the source from `first` on; the first of them is sample `at`.
  struct Run {
    int64_t at, first, number;
  };

  int64_t count = 0;
  std::vector<int64_t> bytes;  // of one sample: of the inputs, then of the targets
  std::shared_ptr<const Source> source;
  std::vector<Run> runs;  // by `at`; empty: all of the source
  bool held = false;      // in memory
  // Labels of the classes that no sample has.
  std::vector<std::string> absent;
  std::shared_ptr<Fault> fault = std::make_shared<Fault>();

  // As Source::fill. What went wrong is also kept: check() tells it to who comes later.
  [[nodiscard]] Result<void> fill(std::span<const int64_t> which,
                                  std::span<uint8_t* const> to) const;
  // Fails if a sample could not be read since the data were opened; nothing made of samples since
  // then means anything.
  [[nodiscard]] Result<void> check() const { return fault->check(); }
  void expect(int64_t first, int64_t number) const;
  // The number of a sample in the source.
  [[nodiscard]] int64_t number_of(int64_t sample) const;
  [[nodiscard]] int64_t bytes_of_sample() const;
};

// What `scale: standard` learnt from the training samples, by port.
struct Scale {
  std::string name;
  std::vector<double> mean, deviation;
};

struct DataSet {
  Samples train;
  std::optional<Samples> validation;
  std::vector<Scale> scales;
};

// What the parts of a data set are made for.
struct ReadOptions {
  uint64_t seed = 0;
  double validation = 0;  // so much of the samples is set apart
  int64_t memory = 0;     // samples that take no more bytes than this are read once and kept
};

// Where samples come from, by what the ports declare:
//   image and classes   MNIST's files (train-images-idx3-ubyte …), or pictures in folders by label
//                       (DIR/train/cat/1.png or DIR/cat/1.png)
//   image and image     pictures that are their own targets, or pairs of one name in two folders
//                       called like the input and the output (DIR/noisy/1.png, DIR/clean/1.png)
//   series and ahead    a CSV: windows of `lags` values and the value `steps` after
//   table, value …      train.csv, or PATH itself: one row, one sample
//   plain tensors       NAME.npy for each input, and for each target under its output's name
// The part that is set apart is drawn by Philox, or the last where samples are a series.
[[nodiscard]] Result<DataSet> read_training(const linnet_trainer_v1& trainer,
                                            const std::string& path, const ReadOptions& options);

// The samples that training never sees: t10k-…, DIR/test/…, test.csv; nullopt where there are none.
[[nodiscard]] Result<std::optional<Samples>> read_test(const linnet_trainer_v1& trainer,
                                                       const std::string& path,
                                                       const std::vector<Scale>& scales);

// Samples to evaluate: the test part where `path` is a folder with one, else what it holds itself;
// a CSV file; an IDX file with its labels beside it.
[[nodiscard]] Result<Samples> read_to_evaluate(const linnet_trainer_v1& trainer,
                                               const std::string& path);

// All that a source holds, of the ports' types and sizes.
[[nodiscard]] Samples samples_of(const linnet_trainer_v1& trainer, int64_t count,
                                 std::shared_ptr<const Source> source);

}  // namespace linnet::runtime::train
