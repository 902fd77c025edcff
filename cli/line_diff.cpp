// The shortest edit script by Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
#include "cli/line_diff.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::cli {
namespace {

constexpr size_t kContext = 3;
// Texts that differ in more lines than this are replaced whole: the table grows with its square.
constexpr int64_t kMostEdits = 4000;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

// The way back through the furthest points that each number of edits reached.
std::vector<Edit> line_edits(const Lines& a, const Lines& b) {
  const auto n = static_cast<int64_t>(a.size());
  const auto m = static_cast<int64_t>(b.size());
  const int64_t most = std::min(n + m, kMostEdits);
  std::vector<std::vector<int64_t>> trace;
  std::vector<int64_t> furthest(static_cast<size_t>(2 * most + 3), 0);
  const auto at = [most](auto& list, int64_t k) -> auto& {
    return list[static_cast<size_t>(k + most + 1)];
  };
  bool found = false;
  for (int64_t d = 0; d <= most && !found; ++d) {
    trace.push_back(furthest);
    for (int64_t k = -d; k <= d && !found; k += 2) {
      const bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
      int64_t x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      while (x < n && x - k < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(x - k)])
        ++x;
      at(furthest, k) = x;
      found = x >= n && x - k >= m;
    }
  }
  std::vector<Edit> edits;
  if (!found) {
    for (const std::string_view line : a)
      edits.push_back({'-', line});
    for (const std::string_view line : b)
      edits.push_back({'+', line});
    return edits;
  }
  int64_t x = n, y = m;
  for (auto d = static_cast<int64_t>(trace.size()) - 1; d >= 0; --d) {
    const auto& before = trace[static_cast<size_t>(d)];
    const int64_t k = x - y;
    const bool down = k == -d || (k != d && at(before, k - 1) < at(before, k + 1));
    const int64_t from_x = d == 0 ? 0 : (down ? at(before, k + 1) : at(before, k - 1));
    const int64_t from_y = d == 0 ? 0 : from_x - (down ? k + 1 : k - 1);
    while (x > from_x && y > from_y) {
      edits.push_back({' ', a[static_cast<size_t>(--x)]});
      --y;
    }
    if (d == 0) break;
    if (down) {
      edits.push_back({'+', b[static_cast<size_t>(--y)]});
    } else {
      edits.push_back({'-', a[static_cast<size_t>(--x)]});
    }
  }
  std::ranges::reverse(edits);
  return edits;
}

std::string line_diff(std::string_view before, std::string_view after, bool colour) {
  if (before == after) return "";
  const std::vector<Edit> edits = line_edits(lines_of(before), lines_of(after));
  const auto paint = [colour](const char* code, const std::string& text) {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m\n", code, text) : text + "\n";
  };
  std::string text;
  size_t a = 1, b = 1;  // the line numbers at `i`
  const auto pass = [&](const Edit& edit) {
    a += edit.kind != '+';
    b += edit.kind != '-';
  };
  for (size_t i = 0; i < edits.size();) {
    const auto change = static_cast<size_t>(
        std::ranges::find_if(edits.begin() + static_cast<std::ptrdiff_t>(i), edits.end(),
                             [](const Edit& edit) { return edit.kind != ' '; }) -
        edits.begin());
    if (change == edits.size()) break;
    const size_t begin = std::max(i, change - std::min(change, kContext));
    for (; i < begin; ++i)
      pass(edits[i]);
    // A hunk ends where more than twice the context is the same.
    size_t end = change, last = change;
    for (; end < edits.size() && end - last <= 2 * kContext; ++end) {
      if (edits[end].kind != ' ') last = end;
    }
    end = std::min(edits.size(), last + 1 + kContext);
    const size_t a_begin = a, b_begin = b;
    std::string hunk;
    for (; i < end; ++i) {
      const std::string line = edits[i].kind + std::string(edits[i].line);
      hunk += edits[i].kind == ' ' ? line + "\n" : paint(edits[i].kind == '-' ? "31" : "32", line);
      pass(edits[i]);
    }
    text += paint("36",
                  fmt::format("@@ -{},{} +{},{} @@", a_begin, a - a_begin, b_begin, b - b_begin)) +
            hunk;
  }
  return text;
}

}  // namespace linnet::cli
