// What differs between two texts, line by line, as diff -u prints it.
#pragma once

#include <string>
#include <string_view>

namespace linnet::cli {

// Hunks with three lines around each change, "" if the texts are equal. No file names: who prints
// them knows. `colour` adds ANSI escapes: what went red, what came green.
[[nodiscard]] std::string line_diff(std::string_view before, std::string_view after,
                                    bool colour = false);

}  // namespace linnet::cli
