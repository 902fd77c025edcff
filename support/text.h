// Small text helpers that the standard library does not have.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// The entries of `candidates` nearest to `name` by Damerau–Levenshtein distance, best first;
// only those a person could have meant (distance at most a third of the length, or a
// difference of case only).
[[nodiscard]] std::vector<std::string>
nearest_names(std::string_view name, std::span<const std::string> candidates, size_t most = 3);

// `did you mean 'conv2d'?`, or "" when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       std::span<const std::string> candidates);

[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// The shortest decimal text that reads back to the same double; "inf", "-inf", "nan".
[[nodiscard]] std::string shortest(double value);
[[nodiscard]] std::string shortest(float value);

// Offset of the first byte that is not valid UTF-8, or nullopt.
[[nodiscard]] std::optional<size_t> invalid_utf8(std::string_view text);

// The code point at `offset` and its length in bytes; U+FFFD of length 1 for an invalid byte.
struct CodePoint {
  char32_t value = 0;
  uint32_t length = 1;
};
[[nodiscard]] CodePoint code_point(std::string_view text, size_t offset);

// Terminal columns of a text that begins at column 0: a tab advances to the next multiple of 8,
// East Asian wide characters take two, combining marks none, control and invalid bytes one.
[[nodiscard]] size_t display_width(std::string_view text);

// a·b and a+b of sizes, or nullopt on overflow.
[[nodiscard]] std::optional<int64_t> checked_mul(int64_t a, int64_t b);
[[nodiscard]] std::optional<int64_t> checked_add(int64_t a, int64_t b);

}  // namespace linnet
