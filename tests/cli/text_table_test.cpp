// Tables that fit a terminal.
#include "cli/text_table.h"

#include "support/text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace linnet::cli {
namespace {

TextTable example() {
  TextTable table({"layer", "op", ">parameters"});
  table.row({"encoder.layers.0.attention.self.query.weight", "matmul", "1,024"});
  table.row({"頭頭頭頭頭頭頭頭頭頭", "add", "7"});
  return table;
}

TEST(TextTable, IsAsWideAsItIsWithoutATerminal) {
  EXPECT_EQ(example().text(), R"(layer                                         op      parameters
────────────────────────────────────────────────────────────────
encoder.layers.0.attention.self.query.weight  matmul       1,024
頭頭頭頭頭頭頭頭頭頭                          add              7
)");
}

TEST(TextTable, CutsLongNamesInTheMiddle) {
  std::istringstream lines(example().text(40));
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(display_width(line), 40U) << line;
  EXPECT_NE(example().text(40).find("encoder.la…ry.weight"), std::string::npos)
      << example().text(40);
}

// Figures are never cut, and of a name something is always left.
TEST(TextTable, KeepsFiguresWhateverTheWidth) {
  const std::string text = example().text(5);
  EXPECT_NE(text.find("1,024"), std::string::npos);
  EXPECT_NE(text.find("enco…ght"), std::string::npos);
}

}  // namespace
}  // namespace linnet::cli
