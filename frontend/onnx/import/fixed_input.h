// Inputs of an ONNX model that are fixed when it is read (--bind sr=16000).
#pragma once

#include "ir/tensor.h"

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace linnet::frontend {

// "16000" (i64), "-0.5" (f64), "true" (bool) as a tensor without dimensions; else nullopt.
[[nodiscard]] std::optional<ir::Tensor> fixed_number(std::string_view text);

// A file of NumPy's.
[[nodiscard]] Result<ir::Tensor> fixed_file(const std::string& path);

// The value as the input takes it: of its dtype, a tensor without dimensions filling it. The error
// says what does not fit: a shape, or numbers that the dtype does not have.
[[nodiscard]] Result<ir::Tensor, std::string> fitted(const ir::Tensor& value,
                                                     const ir::Type& input);

}  // namespace linnet::frontend
