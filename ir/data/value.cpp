// One number from a column of a CSV file.
#include "ir/data/columns.h"

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  return check_count(c, 1, "column is");
}

void resolve(const DataContext& c, Contract& port) {
  set_columns(port, {number_column(c.settings.text("column"), c.settings, 0)});
}

}  // namespace

const DataKind data::value{.name = "value",
                           .doc = "a number from one column",
                           .settings = {{.name = "column",
                                         .default_value = std::string(),
                                         .doc = "its name",
                                         .required = true},
                                        scale_setting(),
                                        mean_setting(false),
                                        std_setting(false)},
                           .check = check,
                           .resolve = resolve,
                           .units = column_units,
                           .describe = describe_columns};

}  // namespace linnet::ir
