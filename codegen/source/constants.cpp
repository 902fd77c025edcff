// Writes tensors as arrays: floats in hexadecimal, which is exact, halves as their bits.
#include "codegen/source/constants.h"

#include "codegen/emit/header.h"
#include "codegen/source/kernel.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace linnet::codegen::source {
namespace {

std::vector<std::string> elements(const ir::Tensor& tensor) {
  const CType type = c_type_of(tensor.type().dtype);
  std::vector<std::string> list;
  if (is_floating(type)) {
    for (const double value : tensor.as_doubles())
      list.push_back(number_text(type, value));
  } else if (type == CType::kHalf) {
    const auto bytes = tensor.bytes();
    for (size_t at = 0; at < bytes.size(); at += 2) {
      uint16_t bits = 0;
      std::memcpy(&bits, bytes.data() + at, sizeof bits);
      list.push_back(fmt::format("{:#06x}", bits));
    }
  } else {
    for (const int64_t value : tensor.as_ints())
      list.push_back(integer_text(type, value));
  }
  return list;
}

}  // namespace

std::string braced(const std::vector<std::string>& numbers) {
  constexpr size_t kColumns = 100, kShort = 60;
  size_t length = 0;
  for (const std::string& number : numbers)
    length += number.size() + 2;
  if (length <= kShort) return fmt::format("{{{}}}", join(numbers, ", "));
  std::string text = "{";
  size_t column = kColumns;
  for (const std::string& number : numbers) {
    if (column + number.size() + 2 > kColumns) {
      text += "\n   ";
      column = 3;
    }
    text += " " + number + ",";
    column += number.size() + 2;
  }
  text.pop_back();
  return text + "}";
}

std::string Constants::add(const ir::Tensor& tensor, const std::string& name) {
  const CType type = c_type_of(tensor.type().dtype);
  const auto data = tensor.bytes();
  if (data.empty()) return fmt::format("(const {} *)NULL", c_name(type));
  const std::string content(reinterpret_cast<const char*>(data.data()), data.size());
  const std::pair key{std::string(c_name(type)), content};
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  const std::string symbol = symbols_.fresh(prefix_ + "_" + codegen::c_name(name));
  bytes_ += static_cast<int64_t>(data.size());
  if (bytes_ > kMostBytes) return known_[key] = symbol;
  const bool zeros = std::ranges::all_of(data, [](std::byte b) { return b == std::byte{0}; });
  text_ += fmt::format("/* %{}: {} */\nstatic const {} {}[{}] = {};\n\n", in_comment(name),
                       to_string(tensor.type()), c_name(type), symbol, tensor.type().elements(),
                       zeros ? "{0}" : braced(elements(tensor)));
  return known_[key] = symbol;
}

}  // namespace linnet::codegen::source
