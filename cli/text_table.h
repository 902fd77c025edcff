// Columns for people: aligned text, thousands separated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::cli {

class TextTable {
public:
  // A column whose header begins with '>' is aligned to the right.
  explicit TextTable(std::vector<std::string> header);
  void row(std::vector<std::string> cells);
  void rule();  // a line between the rows so far and the next
  // At most `columns` wide, if names allow it: the widest cells that are aligned to the left are
  // cut in the middle, "encoder.…weight", to no less than 8 columns. 0: as wide as it is.
  [[nodiscard]] std::string text(size_t columns = 0) const;

private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

// Columns of the terminal that standard output is, or 0 if it is none.
[[nodiscard]] size_t terminal_columns();

[[nodiscard]] std::string thousands(int64_t number);  // 785000 → "785,000"

// 4194304 → "4.2 MB".
[[nodiscard]] std::string size_text(int64_t bytes);

}  // namespace linnet::cli
