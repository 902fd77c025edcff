// Weights and other constants as arrays of a C file.
#pragma once

#include "codegen/source/expression.h"
#include "codegen/source/writer.h"
#include "ir/tensor.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace linnet::codegen::source {

class Constants {
public:
  // More than this nobody would want to compile as text, and no text is made of it.
  static constexpr int64_t kMostBytes = int64_t{64} << 20;

  Constants(const std::string& prefix, Names& symbols) : prefix_(prefix), symbols_(symbols) {}

  // The array that has these elements; equal ones are one. `name` as in the model.
  std::string add(const ir::Tensor& tensor, const std::string& name);
  // Their definitions.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] int64_t bytes() const { return bytes_; }

private:
  const std::string& prefix_;
  Names& symbols_;
  std::map<std::pair<std::string, std::string>, std::string> known_;  // by type and bytes
  std::string text_;
  int64_t bytes_ = 0;
};

// `{a, b, …}` in lines of at most 100 columns.
[[nodiscard]] std::string braced(const std::vector<std::string>& numbers);

}  // namespace linnet::codegen::source
