// Series read from a CSV: what rows are called, those beyond the file's end too.
#include "runtime/data/series_table.h"
#include "tests/base/files.h"

namespace linnet::runtime {
namespace {

using testing::ElementsAre;

// Names of the `count` rows that would follow a file whose last rows are called so.
std::vector<std::string> names_after(const std::vector<std::string>& rows, int64_t count) {
  const TestFolder folder;
  std::string text = "when,y\n";
  for (const std::string& row : rows)
    text += row + ",1\n";
  EXPECT_TRUE(write_file(folder / "f.csv", text));
  linnet_series_v1 series{};
  series.column = "y";
  series.index = "when";
  series.lags = 1;
  linnet_port_v1 port{};
  port.name = "y";
  port.series = &series;
  SeriesPorts ports;
  ports.inputs = {&port, 1};
  const auto table = SeriesTable::read(folder / "f.csv", ports);
  EXPECT_TRUE(table) << table.error().message;
  std::vector<std::string> names;
  for (int64_t i = 0; table && i < count; ++i)
    names.push_back(table->name(table->rows() + i));
  return names;
}

TEST(SeriesTable, RowsBeyondTheFileAreNamedAsThoseInItAreWritten) {
  EXPECT_THAT(names_after({"2008", "2009"}, 2), ElementsAre("2010", "2011"));
  EXPECT_THAT(names_after({"20240103", "20240104"}, 3),
              ElementsAre("20240105", "20240106", "20240107"));
  EXPECT_THAT(names_after({"1700000000", "1700000060"}, 2),
              ElementsAre("1700000120", "1700000180"));
  EXPECT_THAT(names_after({"1700000000000000001", "1700000000000000004"}, 2),
              ElementsAre("1700000000000000007", "1700000000000000010"));
  EXPECT_THAT(names_after({"0.1", "0.2"}, 2), ElementsAre("0.3", "0.4"));
  EXPECT_THAT(names_after({"1.75", "2.0"}, 2), ElementsAre("2.25", "2.50"));
  EXPECT_THAT(names_after({"-2", "-1"}, 2), ElementsAre("0", "1"));
  EXPECT_THAT(names_after({"1e3", "2e3"}, 1), ElementsAre("3000"));
}

TEST(SeriesTable, RowsBeyondTheFileHaveNoNamesWhereNothingTellsTheStep) {
  EXPECT_THAT(names_after({"monday", "tuesday"}, 1), ElementsAre(""));
  EXPECT_THAT(names_after({"2024-01-03", "2024-01-04"}, 1), ElementsAre(""));
  EXPECT_THAT(names_after({"1", "inf"}, 1), ElementsAre(""));
  EXPECT_THAT(names_after({"2009"}, 1), ElementsAre(""));
}

}  // namespace
}  // namespace linnet::runtime
