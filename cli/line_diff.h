// What differs between two texts, line by line, as diff -u prints it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace linnet::cli {

// A line of both texts (' '), or of one: '-' of the first, '+' of the second.
struct Edit {
  char kind;
  std::string_view line;
};

// A shortest way from the one to the other; of texts that differ in thousands of lines all of the
// one and all of the other.
[[nodiscard]] std::vector<Edit> line_edits(const std::vector<std::string_view>& a,
                                           const std::vector<std::string_view>& b);

// Hunks with three lines around each change, "" if the texts are equal. No file names: who prints
// them knows. `colour` adds ANSI escapes: what went red, what came green.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after,
                                    bool colour = false);

}  // namespace linnet::cli
