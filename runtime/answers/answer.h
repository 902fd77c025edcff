// What outputs mean to a person or a program: classes with probabilities, numbers in their own
// units; each sample's answer is a line of text or a JSON object.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::runtime {

struct ClassAnswer {
  int64_t index = 0;
  std::string label;  // "" beyond the labels
  double probability = 0;
};

// Element `i` of a tensor of any type, as a number.
[[nodiscard]] double value_at(const Tensor& tensor, int64_t i);

// The largest of `count` elements from `first` on (the first of equal ones); softmax unless they
// are probabilities.
[[nodiscard]] ClassAnswer classify(const Tensor& values, int64_t first, int64_t count,
                                   const linnet_classes_v1& classes);

// Of element `i`, in the shortest form of its type: "0.1", "-3", "true".
[[nodiscard]] std::string element_text(const Tensor& tensor, int64_t i);
// The same as a JSON value. JSON has no infinities and no NaN: these are the strings "NaN",
// "Infinity" and "-Infinity", as in protobuf's JSON.
[[nodiscard]] std::string element_json(const Tensor& tensor, int64_t i);
[[nodiscard]] std::string number_json(double value);

// Position of the first output that `data` declares as classes, or −1.
[[nodiscard]] int64_t classes_output(const linnet_model_v1& model);

// One line of standard output, written field by field in either form. Keys are seen in JSON only.
class Answer {
public:
  explicit Answer(bool json) : json_(json) {}

  // In text the value alone, padded to `width` columns.
  void text(const char* key, const std::string& value, size_t width = 0);
  void count(const char* key, int64_t value);
  void number(const char* key, double value);
  // `count` elements from `first` on: in text after the key, all of them up to 1000, else the first
  // and last three.
  void numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count);
  // JSON: label, index and probability, in an object called `within` if that is not null.
  void of_class(const ClassAnswer& answer, const char* within = nullptr);
  // Every output of sample `sample`: classes, columns in their own units, or plain numbers.
  void outputs(const linnet_model_v1& model, std::span<const Tensor> tensors, int64_t sample);

  void print() const;

private:
  void field(const char* key, const std::string& json, const std::string& text);

  bool json_;
  std::string line_;
};

}  // namespace linnet::runtime
