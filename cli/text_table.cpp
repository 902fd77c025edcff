// Aligned columns, cut to fit a terminal.
#include "cli/text_table.h"

#include "base/text.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include <sys/ioctl.h>
#include <unistd.h>

namespace linnet::cli {
namespace {

constexpr size_t kNarrowest = 8;  // columns of a cell that is cut
constexpr size_t kGap = 2;        // between two cells

// The first or last code points of a text, as many as fit.
std::string beginning(std::string_view text, size_t columns) {
  size_t end = 0;
  while (end < text.size()) {
    const size_t next = end + code_point(text, end).length;
    if (display_width(text.substr(0, next)) > columns) break;
    end = next;
  }
  return std::string(text.substr(0, end));
}

std::string ending(std::string_view text, size_t columns) {
  size_t begin = 0;
  while (display_width(text.substr(begin)) > columns)
    begin += code_point(text, begin).length;
  return std::string(text.substr(begin));
}

std::string cut(const std::string& text, size_t columns) {
  if (display_width(text) <= columns) return text;
  const size_t kept = columns - 1;  // beside the dots
  return beginning(text, (kept + 1) / 2) + "…" + ending(text, kept / 2);
}

}  // namespace

TextTable::TextTable(std::vector<std::string> header) {
  for (std::string& cell : header) {
    right_.push_back(cell.starts_with('>'));
    if (right_.back()) cell.erase(0, 1);
  }
  rows_.push_back(std::move(header));
  rule();
}

void TextTable::row(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

void TextTable::rule() {
  rows_.emplace_back();
}

std::string TextTable::text(size_t columns) const {
  std::vector<size_t> widths(right_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  }
  const auto total = [&] {
    return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
  };
  while (columns != 0 && total() > columns) {
    size_t* widest = nullptr;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!right_[i] && widths[i] > kNarrowest && (!widest || widths[i] > *widest))
        widest = &widths[i];
    }
    if (!widest) break;
    --*widest;
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    if (row.empty()) {
      for (size_t i = 0; i < total(); ++i)
        line += "─";
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = right_[i] ? row[i] : cut(row[i], widths[i]);
      const std::string space(widths[i] - display_width(cell), ' ');
      line += (i ? "  " : "") + (right_[i] ? space + cell : cell + space);
    }
    while (line.ends_with(' '))
      line.pop_back();
    text += line + "\n";
  }
  return text;
}

size_t terminal_columns() {
  winsize size = {};
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

std::string thousands(int64_t number) {
  std::string digits = std::to_string(number);
  const size_t first = digits.starts_with('-') ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string size_text(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double size = static_cast<double>(bytes);
  std::string_view unit;
  for (const std::string_view next : {"kB", "MB", "GB", "TB"}) {
    if (size < 1000) break;
    size /= 1000;
    unit = next;
  }
  return fmt::format("{:.{}f} {}", size, size < 10 ? 1 : 0, unit);
}

}  // namespace linnet::cli
