// What the kinds of data that are read from columns share.
#pragma once

#include "ir/data_kind.h"

namespace linnet::ir {

// scale: standard | raw, mean, std. `each`: lists, one for each column.
[[nodiscard]] Setting scale_setting();
[[nodiscard]] Setting mean_setting(bool each);
[[nodiscard]] Setting std_setting(bool each);
// Is the scale to be learnt, and not known yet?
[[nodiscard]] bool learns(const Settings& settings);

// Must a sample have `count` numbers? `what` has the verb: "columns are".
[[nodiscard]] std::optional<Fault> check_count(const DataContext& c, int64_t count,
                                               std::string_view what);

// A column of numbers, scaled by element `at` of mean and std.
[[nodiscard]] Contract number_column(const std::string& name, const Settings& settings, size_t at);
void set_columns(Contract& port, const std::vector<Contract>& columns);
void column_units(const UnitContext& c, Units& units);
[[nodiscard]] std::string describe_columns(const UnitContext& c, const Units& units,
                                           const std::string& scale, const std::string& macro);

}  // namespace linnet::ir
