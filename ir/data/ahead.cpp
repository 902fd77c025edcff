// The value of a series some steps after the newest that the model sees.
#include "ir/data/columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  return check_count(c, 1, "value ahead is");
}

void resolve(const DataContext& c, Contract& port) {
  const auto of = std::ranges::find(c.inputs, c.settings.text("of"));
  port.set(&linnet_port_v1::ahead,
           Contract::of<linnet_ahead_v1>()
               .set(&linnet_ahead_v1::input, of == c.inputs.end() ? 0 : of - c.inputs.begin())
               .set(&linnet_ahead_v1::steps, c.settings.integer("steps")));
}

// The series that is forecast, or nullptr: the input named is none.
const linnet_port_v1* input_of(const UnitContext& c) {
  const auto at = static_cast<size_t>(c.port.ahead->input);
  return at < c.inputs.size() ? c.inputs[at] : nullptr;
}

void units(const UnitContext& c, Units& units) {
  const linnet_port_v1* of = input_of(c);
  if (of && of->series)
    units.scale(of->series->mean, of->series->deviation, of->series->learn != 0);
}

std::string describe(const UnitContext& c, const Units&, const std::string& scale,
                     const std::string&) {
  const linnet_port_v1* of = input_of(c);
  if (!of) return "";
  const int64_t steps = c.port.ahead->steps;
  return fmt::format("column \"{}\", {} step{} after the newest value{}",
                     of->series ? of->series->column : of->name, steps, steps == 1 ? "" : "s",
                     scale);
}

}  // namespace

const DataKind data::ahead{.name = "ahead",
                           .doc = "the value of a series after the newest one the model sees",
                           .settings = {{.name = "of",
                                         .default_value = std::string(),
                                         .doc = "the input with the series",
                                         .required = true,
                                         .names_input = true},
                                        {"steps", 1.0, "how long after it", kCount}},
                           .check = check,
                           .resolve = resolve,
                           .units = units,
                           .describe = describe};

}  // namespace linnet::ir
