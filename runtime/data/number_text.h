// Numbers as text where a product has no trainer: base/shortest.h writes them too, by large tables.
#pragma once

#include <string>

namespace linnet::runtime {

// The shortest text that reads back to the same float, or double.
[[nodiscard]] std::string number_text(float value);
[[nodiscard]] std::string number_text(double value);

}  // namespace linnet::runtime
