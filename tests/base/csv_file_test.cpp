// CSV files read row by row are what they are as a whole: cells, numbers of rows, faults.
#include "base/io/csv_file.h"

#include "base/philox.h"
#include "tests/base/files.h"

namespace linnet {
namespace {

using testing::HasSubstr;

class CsvFiles : public testing::Test {
protected:
  Result<CsvFile> open(const std::string& text) {
    EXPECT_TRUE(write_file(path_, text));
    return CsvFile::open(path_);
  }
  // Rows in parts of `count` are those of the table.
  void expect_same(const std::string& text, int64_t count) {
    const auto file = open(text);
    ASSERT_TRUE(file) << message(file);
    const auto table = CsvTable::read(path_, CsvHeader::kYes);
    ASSERT_TRUE(table);
    ASSERT_EQ(file->rows(), static_cast<int64_t>(table->rows()));
    EXPECT_EQ(file->head().header(), table->header());
    EXPECT_EQ(file->head().rows(), 0u);
    CsvTable part = file->head();
    // From the last part to the first: none is found by the one before it.
    for (int64_t first = (file->rows() - 1) / count * count; first >= 0; first -= count) {
      const int64_t number = std::min(count, file->rows() - first);
      const auto read = file->read(first, number, part);
      ASSERT_TRUE(read) << message(read);
      ASSERT_EQ(part.rows(), static_cast<size_t>(number));
      for (size_t row = 0; row < part.rows(); ++row) {
        const size_t whole = static_cast<size_t>(first) + row;
        ASSERT_EQ(part.line_of(row), table->line_of(whole));
        for (size_t column = 0; column < table->columns(); ++column)
          ASSERT_EQ(part.cell(row, column), table->cell(whole, column)) << whole;
      }
    }
  }

  const TestFolder folder_;
  const std::string path_ = folder_ / "t.csv";
};

TEST_F(CsvFiles, RowsAreThoseOfTheTable) {
  for (const int64_t count : {1, 2, 100}) {
    expect_same("a,b\n1,2\n3,4\n5,6", count);
    expect_same("\xEF\xBB\xBFname,n\r\n\"a,\"\"b\"\"\nc\",1\r\n\r\n\"\",2\r\n", count);
    expect_same("a\r1\r\r2\r3", count);
    expect_same("\n\na,b\n\n1,\"\n\"\n", count);
  }
  EXPECT_EQ(open("a,b\n")->rows(), 0);
}

// Several windows of the scan, whose ends fall into quoted cells, between CR and LF, and into rows.
TEST_F(CsvFiles, WindowsEndAnywhere) {
  std::string text = "first,second\r\n";
  for (uint64_t i = 0; text.size() < 5u << 20; ++i) {
    const double u = philox_uniform_f64(1, 0, 0, i);
    const auto length = static_cast<size_t>(u * u * 400);
    text += std::to_string(i) + ",\"" + std::string(length, 'x') + (i % 3 ? "\n" : "\"\"") + "\"";
    text += i % 5 == 0 ? "\n" : "\r\n";
    if (i % 7 == 0) text += "\r\n";
  }
  expect_same(text, 1000);
  expect_same(text, 37);
}

TEST_F(CsvFiles, FaultsAreThoseOfTheTable) {
  const std::string quoted(17u << 20, 'x');
  for (const std::string& bad :
       {std::string("1,2,3\n"), std::string("1,\"a\"b\n"), std::string("1,a\"b\n4,5\n"),
        std::string("1,\"open\n2,3\n"), std::string("1,\xFF\n"), std::string("1,\0x\n", 6),
        "1,\"" + quoted + "\"\n3,4\n"}) {
    for (const size_t before : {size_t{0}, size_t{400'000}}) {
      std::string text = "a,b\n";
      for (size_t i = 0; i < before; ++i)
        text += "1,2\n";
      text += bad;
      const auto file = open(text);
      const auto table = CsvTable::read(path_, CsvHeader::kYes);
      ASSERT_FALSE(table);
      ASSERT_FALSE(file) << message(table);
      EXPECT_EQ(file.error().message, table.error().message);
    }
  }
  for (const char* text : {"", "\n\n", "\xFF\xFE"}) {
    ASSERT_TRUE(write_file(path_, text));
    EXPECT_EQ(message(CsvFile::open(path_)), message(CsvTable::read(path_, CsvHeader::kYes)));
    EXPECT_NE(message(CsvFile::open(path_)), "");
  }
}

TEST_F(CsvFiles, SaysWhenItWasChanged) {
  const auto file = open("a,b\n1,2\n3,4\n");
  ASSERT_TRUE(file);
  ASSERT_EQ(truncate(path_.c_str(), 6), 0);
  CsvTable part = file->head();
  EXPECT_THAT(message(file->read(1, 1, part)), HasSubstr("t.csv: was changed while it was in use"));
}

}  // namespace
}  // namespace linnet
