// Numbers that JSON does not have, as texts.
#include "support/json_text.h"

#include <cmath>

namespace linnet {

nlohmann::ordered_json json_number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace linnet
