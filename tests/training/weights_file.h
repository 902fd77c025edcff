// What a weights file holds, as numbers.
#pragma once

#include "base/io/safetensors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linnet {

// A tensor of the file; {} and a failure, if it is not there.
inline std::vector<double> weights_in(const std::string& path, const std::string& name) {
  const auto file = Safetensors::read(path);
  EXPECT_TRUE(file.has_value()) << path;
  const auto* entry = file ? file->find(name) : nullptr;
  EXPECT_NE(entry, nullptr) << name;
  if (!entry) return {};
  const Tensor tensor = file->tensor_as(*entry, DType::kF64);
  const auto values = tensor.as<double>();
  return {values.begin(), values.end()};
}

}  // namespace linnet
