// Every row of docs/lessons.md: its command gives what the row expects. The Chinese table has the
// same commands.
#include "tests/training/training.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

namespace linnet {
namespace {

struct Lesson {
  std::string command, expected, test;
};

// The cells of a table's row, without their backticks.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const size_t begin = cell.find_first_not_of(" `"), end = cell.find_last_not_of(" `");
    cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end + 1 - begin));
  }
  return cells;
}

std::vector<Lesson> lessons(const std::string& file) {
  std::ifstream in(std::string(LINNET_SOURCE_DIR) + "/docs/" + file);
  std::vector<Lesson> rows;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| ") || line.find("| `") == std::string::npos) continue;
    const auto cells = cells_of(line);
    rows.push_back({cells.at(3), cells.at(4), cells.at(5)});
  }
  return rows;
}

class Lessons : public Training, public testing::WithParamInterface<Lesson> {};

TEST_P(Lessons, GiveWhatTheTableSays) {
  const Lesson& lesson = GetParam();
  std::string command = lesson.command;
  if (command.starts_with("linnet ")) command = LINNET_COMMAND + command.substr(6);
  const std::string set = "T=$PWD; export LINNET=" LINNET_COMMAND "; ";
  ASSERT_EQ(run("( " + set + "cd \"$S\" && { " + command + "; } )"), 0) << err_;
  const std::string& shown = out_;
  const std::string bound = "test accuracy ≥ ";
  if (!lesson.expected.starts_with(bound)) {
    EXPECT_NE(shown.find(lesson.expected), std::string::npos) << shown;
    return;
  }
  const size_t row = shown.find("\ntest ");
  ASSERT_NE(row, std::string::npos) << shown;
  const double accuracy = std::atof(shown.c_str() + shown.find("accuracy ", row) + 9);
  EXPECT_GE(accuracy, std::atof(lesson.expected.c_str() + bound.size())) << shown;
}

const std::vector<Lesson> kLessons = lessons("lessons.md");
INSTANTIATE_TEST_SUITE_P(Each, Lessons, testing::ValuesIn(kLessons),
                         [](const auto& info) { return info.param.test; });

TEST(LessonTables, HaveTheSameCommands) {
  const auto english = lessons("lessons.md"), chinese = lessons("lessons.zh.md");
  ASSERT_EQ(english.size(), chinese.size());
  EXPECT_GE(english.size(), 13u);
  for (size_t i = 0; i < english.size(); ++i) {
    EXPECT_EQ(english[i].command, chinese[i].command);
    EXPECT_EQ(english[i].expected, chinese[i].expected);
  }
}

}  // namespace
}  // namespace linnet
