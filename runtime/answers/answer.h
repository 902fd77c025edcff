// What outputs mean to a person or a program: classes with probabilities, numbers in their own
// units; each sample's answer is a line of text or a JSON object.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"

#include <cstdint>
#include <memory>
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

// One line of standard output, told field by field and written by one of two writers: as text for
// people, or as a JSON object. Keys are seen in JSON, and in text those of numbers().
class Answer {
public:
  [[nodiscard]] static std::unique_ptr<Answer> in(bool json);
  virtual ~Answer() = default;

  // In text the value alone, padded to `width` columns.
  virtual void text(const char* key, const std::string& value, size_t width = 0) = 0;
  virtual void count(const char* key, int64_t value) = 0;
  virtual void number(const char* key, double value) = 0;
  // With so many digits after the point.
  virtual void fixed(const char* key, double value, int decimals) = 0;
  // `count` elements from `first` on: in text after the key, all of them up to 1000, else the first
  // and last three.
  virtual void numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count) = 0;
  // JSON: label, index and probability, in an object called `within` if that is not null.
  virtual void of_class(const ClassAnswer& answer, const char* within = nullptr) = 0;
  // What a person reads in place of the fields, which are seen in JSON only; a line that has no
  // fields beside it is none in JSON.
  virtual void sentence(const std::string& text) = 0;
  // Every output of sample `sample`: classes, columns in their own units, or plain numbers.
  void outputs(const linnet_model_v1& model, std::span<const Tensor> tensors, int64_t sample);

  virtual void print() const = 0;
};

}  // namespace linnet::runtime
