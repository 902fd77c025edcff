// Numbers as text, in few bytes of code.
#include "runtime/data/number_text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace linnet::runtime {

// The sign of a NaN tells of the machine, not of the numbers: it has none in text.
// std::to_chars would bring 170 kB of tables.
std::string number_text(float value) {
  char text[32];
  if (std::isnan(value)) return "nan";
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
    if (std::strtof(text, nullptr) == value) break;
  }
  return text;
}

std::string number_text(double value) {
  char text[40];
  if (std::isnan(value)) return "nan";
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

}  // namespace linnet::runtime
