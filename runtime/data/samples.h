// Training data, decoded and whole in memory.
#pragma once

#include "base/io/tensor.h"
#include "base/result.h"

#include "base/abi/train.h"

#include <optional>
#include <string>
#include <vector>

namespace linnet::runtime::train {

// Element i of every tensor is sample i: shape [count, dimensions of one sample …], in the
// trainer's float type or i64.
struct Samples {
  int64_t count = 0;
  std::vector<Tensor> inputs;
  std::vector<Tensor> targets;

  [[nodiscard]] const Tensor& tensor(size_t i) const {
    return i < inputs.size() ? inputs[i] : targets[i - inputs.size()];
  }
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

// Where samples come from, by what the ports declare:
//   image and classes   MNIST's files (train-images-idx3-ubyte …), or pictures in folders by label
//                       (DIR/train/cat/1.png or DIR/cat/1.png)
//   image and image     pictures that are their own targets, or pairs of one name in two folders
//                       called like the input and the output (DIR/noisy/1.png, DIR/clean/1.png)
//   series and ahead    a CSV: windows of `lags` values and the value `steps` after
//   table, value …      train.csv, or PATH itself: one row, one sample
//   plain tensors       NAME.npy for each input, and for each target under its output's name
// `validation` part of them is set apart: drawn by Philox, or the last where they are a series.
[[nodiscard]] Result<DataSet> read_training(const linnet_trainer_v1& trainer,
                                            const std::string& path, uint64_t seed,
                                            double validation);

// The samples that training never sees: t10k-…, DIR/test/…, test.csv; nullopt where there are none.
[[nodiscard]] Result<std::optional<Samples>> read_test(const linnet_trainer_v1& trainer,
                                                       const std::string& path,
                                                       const std::vector<Scale>& scales);

// Samples to evaluate: the test part where `path` is a folder with one, else what it holds itself;
// a CSV file; an IDX file with its labels beside it.
[[nodiscard]] Result<Samples> read_to_evaluate(const linnet_trainer_v1& trainer,
                                               const std::string& path);

// Samples without values yet, of the ports' types and sizes.
[[nodiscard]] Samples empty_samples(const linnet_trainer_v1& trainer, int64_t count);

// Labels of the classes that no sample has.
[[nodiscard]] std::vector<std::string> absent_classes(const linnet_trainer_v1& trainer,
                                                      const Samples& samples);

// A permutation of 0 … count − 1 by Fisher and Yates, a pure function of (seed, stream, step).
[[nodiscard]] std::vector<int64_t> permutation(int64_t count, uint64_t seed, uint32_t stream,
                                               uint64_t step);

}  // namespace linnet::runtime::train
