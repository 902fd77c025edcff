// What outputs mean to a person or a program: classes with probabilities, numbers in their own
// units; each sample's answer is a line of text or a JSON object.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"

#include <cstdarg>
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

// One line of standard output, told field by field and written as text for people or as a JSON
// object. Keys are seen in JSON, and in text those of numbers().
class Answer {
public:
  explicit Answer(bool json) : json_(json) {}

  // In text the value alone, padded to `width` columns.
  void text(const char* key, const char* value, size_t width = 0);
  void count(const char* key, int64_t value);
  void number(const char* key, double value);
  // With so many digits after the point.
  void fixed(const char* key, double value, int decimals);
  // `count` elements from `first` on: in text after the key, all of them up to 1000, else the first
  // and last three.
  void numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count);
  // JSON: label, index and probability, in an object called `within` if that is not null.
  void of_class(const ClassAnswer& answer, const char* within = nullptr);
  // Told before them: what a person reads in place of the fields, which are seen in JSON only; a
  // line that has no fields beside it is none in JSON.
  [[gnu::format(printf, 2, 3)]] void sentence(const char* pattern, ...);
  // Every output of sample `sample`: classes, columns in their own units, or plain numbers.
  void outputs(const linnet_model_v1& model, std::span<const Tensor> tensors, int64_t sample);

  // Ends the line.
  void print();

private:
  // What stands before a value; false if a sentence stands for it.
  bool begin(const char* key);
  void write(const char* pattern, va_list arguments);
  [[gnu::format(printf, 3, 4)]] void field(const char* key, const char* pattern, ...);

  bool json_, told_ = false;
  std::string line_;  // without the brace that ends it
};

}  // namespace linnet::runtime
