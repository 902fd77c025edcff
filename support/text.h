// Text for people: near names, lists, width on a terminal.
#pragma once

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

// The words in one line that a shell takes apart again.
[[nodiscard]] std::string shell_line(std::span<const std::string> words);

// Terminal columns of a text that begins at column 0: a tab advances to the next multiple of 8,
// East Asian wide characters take two, combining marks none, control and invalid bytes one.
[[nodiscard]] size_t display_width(std::string_view text);

}  // namespace linnet
