// The digits are std::to_chars'; it chooses between plain and scientific by length ("1e+05"), so
// where the point goes is decided here.
#include "base/shortest.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace linnet {
namespace {

constexpr int kLeastPlain = -4;  // 0.0001
constexpr int kMostPlain = 15;   // every integer below 10¹⁶ that a double tells apart

template <class Float> std::string shortest_text(Float value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));  // "-1.25e+07"
  const size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(buffer + e + 1 + (text[e + 1] == '+'), end, exponent);
  if (exponent < kLeastPlain || exponent > kMostPlain) return std::string(text);
  std::string result = text[0] == '-' ? "-" : "";
  std::string digits;
  for (const char c : text.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  if (exponent < 0)
    return result + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<size_t>(exponent) + 1;  // digits before the point
  if (digits.size() <= whole) return result + digits + std::string(whole - digits.size(), '0');
  return result + digits.substr(0, whole) + "." + digits.substr(whole);
}

}  // namespace

std::string shortest(double value) {
  return shortest_text(value);
}
std::string shortest(float value) {
  return shortest_text(value);
}

}  // namespace linnet
