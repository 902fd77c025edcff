// A row of numbers from columns of a CSV file.
#include "ir/data/columns.h"

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  return check_count(c, static_cast<int64_t>(c.settings.texts("columns").size()), "columns are");
}

void resolve(const DataContext& c, Contract& port) {
  std::vector<Contract> columns;
  for (const std::string& name : c.settings.texts("columns"))
    columns.push_back(number_column(name, c.settings, columns.size()));
  set_columns(port, columns);
}

}  // namespace

const DataKind data::table{.name = "table",
                           .doc = "a number from each of several columns",
                           .settings = {{.name = "columns",
                                         .default_value = Strings{},
                                         .doc = "their names, in the order of the numbers",
                                         .required = true},
                                        scale_setting(),
                                        mean_setting(true),
                                        std_setting(true)},
                           .check = check,
                           .resolve = resolve,
                           .units = column_units,
                           .describe = describe_columns};

}  // namespace linnet::ir
