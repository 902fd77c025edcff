#include "base/io/csv.h"

#include "tests/base/files.h"

#include <cmath>

namespace linnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The numbers of a column, or the message.
std::string numbers(const std::string& text, size_t column = 0,
                    Missing missing = Missing::kRefuse) {
  const Result<CsvTable> table = CsvTable::parse("t.csv", text);
  if (!table) return table.error().message;
  const Result<std::vector<double>> values = table->numbers(column, missing);
  if (!values) return values.error().message;
  std::string result;
  for (double value : *values)
    result += format("%s%g", result.empty() ? "" : " ", value);
  return result;
}

std::string fault(const std::string& text) {
  return message(CsvTable::parse("t.csv", text));
}

TEST(Csv, ReadsTheSunspots) {
  const Result<CsvTable> table = CsvTable::read(data_path("sunspots.csv"));
  ASSERT_TRUE(table) << message(table);
  EXPECT_THAT(table->header(), ElementsAre("year", "sunspots"));
  EXPECT_EQ(table->rows(), 309u);
  const Result<size_t> column = table->column_named("sunspots");
  ASSERT_TRUE(column);
  EXPECT_EQ((*table->numbers(*column))[0], 5.0);
}

TEST(Csv, HeaderOrNot) {
  EXPECT_EQ(numbers("1,2\n3,4\n", 1), "2 4");
  EXPECT_EQ(numbers("a,b\n3,4", 1), "4");
  EXPECT_EQ(numbers("1,x\n3,y", 0), "1 3");
  EXPECT_EQ(numbers("city,2001\nBonn,4", 1), "2001 4");
  EXPECT_EQ(numbers("city,n,2001\nBonn,3,4", 2), "4");
  EXPECT_EQ(CsvTable::parse("t", "1,2\n3,4", CsvHeader::kYes)->rows(), 1u);
  EXPECT_EQ(CsvTable::parse("t", "a,b\n3,4", CsvHeader::kNo)->rows(), 2u);
  EXPECT_EQ(*CsvTable::parse("t", "1,2\n3,4")->column_named("1"), 1u);
  EXPECT_THAT(message(CsvTable::parse("t", "a,b\n1,2")->column_named("c")), HasSubstr("a, b"));
  EXPECT_THAT(message(CsvTable::parse("t", "a,a\n1,2")->column_named("a")), HasSubstr("two"));
  EXPECT_THAT(message(CsvTable::parse("t", "1,2")->column_named("2")), HasSubstr("no header"));
}

TEST(Csv, QuotesAndLineEnds) {
  const Result<CsvTable> table =
      CsvTable::parse("t", "\xEF\xBB\xBFname,n\r\n\"a,\"\"b\"\"\nc\",1\r\n\r\n\"\",2\r\n");
  ASSERT_TRUE(table) << message(table);
  EXPECT_EQ(table->header()[0], "name");
  ASSERT_EQ(table->rows(), 2u);
  EXPECT_EQ(table->cell(0, 0), "a,\"b\"\nc");
  EXPECT_EQ(table->cell(1, 0), "");
  EXPECT_EQ(numbers("1\r2\r3"), "1 2 3");
  EXPECT_EQ(numbers(" 1 ,x\n\t+2e3,y\n-.5,z\n"), "1 2000 -0.5");
}

TEST(Csv, FaultsNameRowAndColumn) {
  EXPECT_EQ(numbers("x,y\n1,2\n1,two\n", 1), "t.csv: row 3, column 2 (y): \"two\" is not a number");
  EXPECT_EQ(numbers("x\n1\n\n1e999\n"),
            "t.csv: row 4, column 1 (x): \"1e999\" is not a finite number of f64");
  EXPECT_THAT(numbers("x\ninf\n"), HasSubstr("row 2, column 1 (x): \"inf\" is not a finite"));
  EXPECT_THAT(numbers("x\nnan\n"), HasSubstr("row 2, column 1 (x): \"nan\", a number is needed"));
  EXPECT_THAT(numbers("x,y\n1,\n", 1), HasSubstr("row 2, column 2 (y): empty"));
  EXPECT_THAT(numbers("x\n\"1,5\"\n"), HasSubstr("decimal comma"));
  EXPECT_THAT(numbers("x\n0x10\n"), HasSubstr("not a number"));
  EXPECT_THAT(numbers("x\n1;2\n"), HasSubstr("not a number"));
  EXPECT_THAT(fault("x,y\n1,2\n3\n"), HasSubstr("row 3: 1 columns, the rows above have 2"));
  EXPECT_THAT(fault("x,y\n1,2\n3,4,5\n"), HasSubstr("row 3: 3 columns"));
  EXPECT_THAT(fault("x\n\"abc\n"), HasSubstr("row 2, column 1: a quoted cell does not end"));
  EXPECT_THAT(fault("x\n\"abc\"d\n"), HasSubstr("after the closing quote"));
  EXPECT_THAT(fault("x\na\"b\n"), HasSubstr("row 2, column 1: a quote inside"));
  EXPECT_THAT(fault("x\n\xC3(\n"), HasSubstr("row 2, column 1: not UTF-8"));
  EXPECT_THAT(fault(std::string("x\n1\0\n", 5)), HasSubstr("row 2, column 1: a NUL byte"));
  EXPECT_THAT(fault("\xFF\xFEx"), HasSubstr("UTF-16"));
  EXPECT_THAT(fault(""), HasSubstr("empty"));
  EXPECT_THAT(fault("\n\n"), HasSubstr("no rows"));
}

TEST(Csv, LongRowsAreRefused) {
  const std::string long_line(size_t{64} << 20, '1');
  EXPECT_THAT(fault("x\n" + long_line + "\n"), HasSubstr("row 2: longer than 16 MiB"));
  EXPECT_THAT(fault("x\n\"" + long_line + "\"\n"), HasSubstr("row 2, column 1"));
  EXPECT_THAT(fault(std::string(70000, ',')), HasSubstr("row 1: more than 65536 columns"));
  EXPECT_THAT(numbers("x\n" + std::string(100000, '7') + "\n"), HasSubstr("row 2, column 1"));
}

TEST(Csv, MissingCells) {
  const std::string text = "x,y\n1,a\n,a\nNA,a\n4,a\n";
  EXPECT_THAT(numbers(text), HasSubstr("row 3, column 1 (x): empty"));
  EXPECT_EQ(numbers(text, 0, Missing::kPrevious), "1 1 1 4");
  EXPECT_EQ(numbers(text, 0, Missing::kLinear), "1 2 3 4");
  EXPECT_THAT(numbers("x,y\n,a\n1,a\n", 0, Missing::kPrevious), HasSubstr("no number above"));
  EXPECT_THAT(numbers("x,y\n1,a\n,a\n", 0, Missing::kLinear), HasSubstr("no number below"));
  EXPECT_EQ(numbers("x,y\n1,a\n,a\n", 0, Missing::kPrevious), "1 1");
}

TEST(Csv, NumbersIgnoreTheLocale) {
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number("1.5x"), std::nullopt);
  EXPECT_EQ(parse_number(""), std::nullopt);
  EXPECT_EQ(parse_number("+"), std::nullopt);
  EXPECT_EQ(parse_number("+-1"), std::nullopt);
  EXPECT_EQ(parse_number("1e-400"), std::nullopt);
}

}  // namespace
}  // namespace linnet
