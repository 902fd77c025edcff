// Reads the value of --bind, a number or a .npy file, and fits it to the input's type.
#include "frontend/onnx/import/fixed_input.h"

#include "ir/attr.h"
#include "ir/scalar_math.h"

#include "base/io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace linnet::frontend {

std::optional<ir::Tensor> fixed_number(std::string_view text) {
  const char* end = text.data() + text.size();
  if (text == "true" || text == "false")
    return ir::Tensor::splat({ir::DType::kBool, {}, {}}, text == "true" ? 1 : 0);
  int64_t integer = 0;
  if (const auto [stop, code] = std::from_chars(text.data(), end, integer);
      code == std::errc() && stop == end)
    return ir::Tensor::from_ints({ir::DType::kI64, {}, {}}, ir::Ints{integer});
  double real = 0;
  if (const auto [stop, code] = std::from_chars(text.data(), end, real);
      code == std::errc() && stop == end)
    return ir::Tensor::splat({ir::DType::kF64, {}, {}}, real);
  return std::nullopt;
}

Result<ir::Tensor> fixed_file(const std::string& path) {
  LINNET_TRY_ASSIGN(const auto file, read_npy(path));
  const auto* bytes = reinterpret_cast<const std::byte*>(file.data.data());
  return ir::Tensor({file.dtype, file.shape, {}}, {bytes, bytes + file.data.size()});
}

Result<ir::Tensor, std::string> fitted(const ir::Tensor& value, const ir::Type& input) {
  const bool fills = value.type().rank() == 0;
  if (!fills && value.type().shape != input.shape) {
    return tl::unexpected(
        fmt::format("{} is expected, the value is {}", to_string(input), to_string(value.type())));
  }
  const size_t copies = fills ? static_cast<size_t>(input.elements()) : 1;
  const bool whole = !is_float(value.type().dtype);
  std::vector<double> reals;
  if (is_float(input.dtype) || !whole) {
    reals = value.as_doubles();
    if (fills) reals.assign(copies, reals.front());
  }
  if (is_float(input.dtype)) return ir::Tensor::from_doubles(input, reals);
  const auto least = ir::scalar::least_integer(input.dtype);
  const auto most = ir::scalar::greatest_integer(input.dtype);
  ir::Ints integers;
  if (whole) {
    integers = value.as_ints();
    if (fills) integers.assign(copies, integers.front());
  }
  for (double real : reals) {
    if (real != std::floor(real) || std::abs(real) >= 0x1p63) {
      return tl::unexpected(
          fmt::format("{} is no number of type {}", real, std::string(ir::name(input.dtype))));
    }
    integers.push_back(static_cast<int64_t>(real));
  }
  for (int64_t integer : integers) {
    if (integer < least || integer > most) {
      return tl::unexpected(
          fmt::format("{} is no number of type {}", integer, std::string(ir::name(input.dtype))));
    }
  }
  return ir::Tensor::from_ints(input, integers);
}

}  // namespace linnet::frontend
