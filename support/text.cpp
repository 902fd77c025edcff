// Widths on a terminal, edit distance for "did you mean", shortest decimals of floats.
#include "support/text.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace linnet {
namespace {

// Longer names were not mistyped by a person, and the distance takes quadratic time.
constexpr size_t kLongestName = 80;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

// Ranges of East Asian wide characters and emoji (Unicode's EastAsianWidth W and F, by block).
bool is_wide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0x303e) ||
         (c >= 0x3041 && c <= 0xa4cf) || (c >= 0xa960 && c <= 0xa97c) ||
         (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
         (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
         (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1f64f) ||
         (c >= 0x1f900 && c <= 0x1f9ff) || (c >= 0x20000 && c <= 0x3fffd);
}

bool is_combining(char32_t c) {
  return (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x20d0 && c <= 0x20ff) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view name,
                                       std::span<const std::string> candidates, size_t most) {
  struct Near {
    size_t distance;
    size_t index;
  };
  std::vector<Near> near;
  if (name.size() > kLongestName) return {};
  std::string wanted = lower(name);
  for (size_t i = 0; i < candidates.size(); ++i) {
    const std::string& candidate = candidates[i];
    if (candidate.size() > kLongestName || candidate == name) continue;
    size_t distance = edit_distance(wanted, lower(candidate));
    if (distance <= std::max(name.size(), candidate.size()) / 3) near.push_back({distance, i});
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const Near& a, const Near& b) { return a.distance < b.distance; });
  std::vector<std::string> result;
  for (const Near& n : near) {
    if (result.size() == most) break;
    if (std::find(result.begin(), result.end(), candidates[n.index]) == result.end())
      result.push_back(candidates[n.index]);
  }
  return result;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  std::vector<std::string> near = nearest_names(name, candidates);
  if (near.empty()) return "";
  for (std::string& n : near)
    n = fmt::format("'{}'", n);
  return fmt::format("did you mean {}?", join(near, " or "));
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  return fmt::to_string(fmt::join(parts.begin(), parts.end(), separator));
}

std::string shell_line(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words) {
    const bool plain = std::ranges::all_of(word, [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("-_./=,@:+").find(static_cast<char>(c)) != std::string_view::npos;
    });
    std::string quoted = word;
    if (!plain) {
      quoted = "'";
      for (const char c : word)
        quoted += c == '\'' ? "'\\''" : std::string(1, c);
      quoted += "'";
    }
    line += (line.empty() ? "" : " ") + quoted;
  }
  return line;
}

size_t display_width(std::string_view text) {
  size_t column = 0;
  for (size_t i = 0; i < text.size();) {
    CodePoint c = code_point(text, i);
    if (c.value == '\t')
      column = (column / 8 + 1) * 8;
    else if (is_wide(c.value))
      column += 2;
    else if (!is_combining(c.value))
      column += 1;
    i += c.length;
  }
  return column;
}

}  // namespace linnet
