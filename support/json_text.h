// JSON as text.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace linnet {

// Paths, messages and names in an ONNX file may hold bytes that are no UTF-8: each becomes U+FFFD.
template <class Json> [[nodiscard]] std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A number, or of what JSON has no number for "NaN", "Infinity", "-Infinity".
[[nodiscard]] nlohmann::ordered_json json_number(double value);

}  // namespace linnet
