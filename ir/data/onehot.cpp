// A column of words, as one number for each word: 1 where it stands, else 0.
#include "ir/data/columns.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  return check_count(c, static_cast<int64_t>(c.settings.texts("categories").size()),
                     "categories are");
}

void resolve(const DataContext& c, Contract& port) {
  const Strings categories = c.settings.texts("categories");
  set_columns(port,
              {Contract::of<linnet_column_v1>()
                   .set(&linnet_column_v1::name, c.settings.text("column"))
                   .set(&linnet_column_v1::deviation, 1)
                   .set(&linnet_column_v1::category_count, static_cast<int64_t>(categories.size()))
                   .set(&linnet_column_v1::categories, categories)});
}

void units(const UnitContext& c, Units& units) {
  const linnet_column_v1& column = c.port.table->columns[0];
  if (column.category_count == 0) return units.scale(0, 1, false);
  units.kind = Units::kCategory;
  units.raw_elements = c.type.elements() / column.category_count;
  units.raw_size = sizeof(int32_t);
}

std::string describe(const UnitContext& c, const Units& units, const std::string& scale,
                     const std::string& macro) {
  if (units.kind != Units::kCategory) return describe_columns(c, units, scale, macro);
  return fmt::format("column \"{}\", one-hot: a number for each of its {} categories; raw: the "
                     "position of one, from 0",
                     c.port.table->columns[0].name, c.port.table->columns[0].category_count);
}

}  // namespace

const DataKind data::onehot{
    .name = "onehot",
    .doc = "a column of words, as a number for each: 1 for the row's, else 0",
    .settings =
        {{.name = "column", .default_value = std::string(), .doc = "its name", .required = true},
         {.name = "categories",
          .default_value = Strings{},
          .doc = "its words, in the order of the numbers",
          .required = true}},
    .check = check,
    .resolve = resolve,
    .units = units,
    .describe = describe};

}  // namespace linnet::ir
