// Scales and columns of tables and series.
#include "ir/data/columns.h"

#include "support/text.h"

#include <fmt/format.h>

namespace linnet::ir {

Setting scale_setting() {
  return {.name = "scale",
          .default_value = Enum{"raw"},
          .doc = "standard: mean and std are learnt from the training part",
          .words = {"standard", "raw"}};
}

Setting mean_setting(bool each) {
  return {"mean", each ? Attr(Doubles{0}) : Attr(0.0), "taken off"};
}

Setting std_setting(bool each) {
  return {"std", each ? Attr(Doubles{1}) : Attr(1.0), "divides", kPositive};
}

bool learns(const Settings& settings) {
  return settings.text("scale") == "standard" && !settings.given("mean") && !settings.given("std");
}

std::optional<Fault> check_count(const DataContext& c, int64_t count, std::string_view what) {
  const int64_t numbers = c.sample_elements();
  if (numbers == count) return std::nullopt;
  return Fault{fmt::format("'{}' has {} number{} a sample, {} {} given", c.port, numbers,
                           numbers == 1 ? "" : "s", count, what),
               ""};
}

Contract number_column(const std::string& name, const Settings& settings, size_t at) {
  return Contract::of<linnet_column_v1>()
      .set(&linnet_column_v1::name, name)
      .set(&linnet_column_v1::mean, settings.number("mean", at))
      .set(&linnet_column_v1::deviation, settings.number("std", at))
      .set(&linnet_column_v1::learn, learns(settings));
}

void set_columns(Contract& port, const std::vector<Contract>& columns) {
  if (columns.empty()) return;
  port.set(&linnet_port_v1::table,
           Contract::of<linnet_table_v1>().set(&linnet_table_v1::columns, &linnet_table_v1::count,
                                               columns));
}

void column_units(const UnitContext& c, Units& units) {
  if (!c.port.table) return;
  for (const linnet_column_v1& column :
       std::span(c.port.table->columns, static_cast<size_t>(c.port.table->count)))
    units.scale(column.mean, column.deviation, column.learn != 0);
}

std::string describe_columns(const UnitContext& c, const Units& units, const std::string& scale,
                             const std::string&) {
  if (units.kind == Units::kPlain) return "";
  std::vector<std::string> names;
  for (const linnet_column_v1& column :
       std::span(c.port.table->columns, static_cast<size_t>(c.port.table->count)))
    names.push_back(fmt::format("\"{}\"", column.name));
  return fmt::format("column{} {}{}", names.size() == 1 ? "" : "s", join(names, ", "), scale);
}

}  // namespace linnet::ir
