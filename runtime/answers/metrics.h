// How answers compare with what is true: classes and numbers, with scikit-learn's names.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::runtime {

// Wilson, 1927: the 95 % interval of a proportion.
struct Interval {
  double low = 0, high = 0;
};
[[nodiscard]] Interval wilson(int64_t correct, int64_t count);

// Of answers in classes: counts by true and predicted class.
class ClassMetrics {
public:
  explicit ClassMetrics(std::vector<std::string> labels);
  void add(int64_t truth, int64_t predicted);

  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] int64_t correct() const;
  // "accuracy 99.17 % (357 of 360; 95 % interval 97.6 to 99.7 %)"
  [[nodiscard]] std::string accuracy_text() const;
  // Precision, recall, f1-score and support of each class that is true or predicted somewhere, as
  // sklearn.metrics.classification_report, and the confusion matrix; of more classes than a
  // terminal has room for, the most frequent confusions.
  [[nodiscard]] std::string text() const;
  // The same as members of a JSON object, without braces.
  [[nodiscard]] std::string json() const;
  [[nodiscard]] std::string svg(const std::string& title) const;

private:
  struct Row {
    double precision = 0, recall = 0, f1 = 0;
    int64_t support = 0, predicted = 0;
  };
  [[nodiscard]] int64_t at(int64_t truth, int64_t predicted) const;
  [[nodiscard]] Row row(int64_t label) const;
  // macro avg and weighted avg.
  [[nodiscard]] std::vector<Row> averages() const;
  [[nodiscard]] std::string matrix_text() const;
  [[nodiscard]] std::string confusions_text() const;

  std::vector<std::string> labels_;
  std::vector<int64_t> matrix_;  // true × predicted
  int64_t count_ = 0;
};

// Of numbers, in their own units.
class NumberMetrics {
public:
  void add(double truth, double predicted);

  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(truth_.size()); }
  [[nodiscard]] double rmse() const;
  [[nodiscard]] double mae() const;
  // 1 − Σ(y − ŷ)² / Σ(y − ȳ)²; NaN where the truth is constant.
  [[nodiscard]] double r2() const;
  [[nodiscard]] std::string text() const;  // "RMSE 1.2  MAE 0.9  R² 0.98"
  [[nodiscard]] std::string json() const;  // members, without braces
  [[nodiscard]] std::string svg(const std::string& title, const std::string& name) const;

private:
  std::vector<double> truth_, predicted_;
};

// One output, or one column of it.
struct OutputMetrics {
  const linnet_port_v1* port = nullptr;
  std::string name;
  std::optional<ClassMetrics> classes;
  NumberMetrics numbers;
};

// Everything that was measured on samples.
struct Measured {
  std::string data;  // where the samples are
  int64_t samples = 0;
  std::string loss_name;
  std::optional<double> loss;
  std::vector<OutputMetrics> outputs;

  // Outputs that are compared with targets of the same name; called once, before add.
  void begin(const linnet_port_v1* outputs, int64_t output_count, const linnet_port_v1* targets,
             int64_t target_count);
  // `count` samples of output `output` and those of target `target` from `first` on; does nothing
  // if they are not compared. A target of classes holds their numbers.
  void add(const linnet_port_v1& output, const Tensor& values, const linnet_port_v1& target,
           const Tensor& truths, int64_t first, int64_t count);

  // `metrics` false: the head alone, where what follows says how good the numbers are.
  [[nodiscard]] std::string text(bool metrics = true) const;
  [[nodiscard]] std::string json(bool metrics = true) const;  // one line
  // The first output: its confusion matrix, or predicted against true.
  [[nodiscard]] std::string svg() const;
};

}  // namespace linnet::runtime
