// Values of a column that follow each other in time: a window of the last ones.
#include "ir/data/columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  const double lags = c.settings.number("lags");
  const Shape& shape = c.type.shape;
  if (shape.size() != 2)
    return Fault{fmt::format("a series is [N, lags], '{}' is {}", c.port, to_string(shape)),
                 "declare no meaning for it, and give tensors (--input), or export the model with "
                 "such an input"};
  if (lags == 0 || static_cast<double>(shape[1]) == lags) return std::nullopt;
  return Fault{fmt::format("'{}' is {}, of {} lags", c.port, to_string(shape), lags), ""};
}

void resolve(const DataContext& c, Contract& port) {
  const Shape& shape = c.type.shape;
  const int64_t last = shape.empty() ? 1 : shape.back();
  const int64_t lags = c.settings.given("lags") ? c.settings.integer("lags") : last;
  auto series = Contract::of<linnet_series_v1>()
                    .set(&linnet_series_v1::column, c.settings.text("column"))
                    .set(&linnet_series_v1::lags, lags)
                    .set(&linnet_series_v1::missing, c.settings.word("missing"))
                    .set(&linnet_series_v1::mean, c.settings.number("mean"))
                    .set(&linnet_series_v1::deviation, c.settings.number("std"))
                    .set(&linnet_series_v1::window,
                         std::max<int64_t>(c.type.elements() / std::max<int64_t>(lags, 1), 1))
                    .set(&linnet_series_v1::ahead, c.settings.text("known") == "ahead")
                    .set(&linnet_series_v1::learn, learns(c.settings));
  const std::string index = c.settings.text("index");
  if (!index.empty()) series.set(&linnet_series_v1::index, index);
  port.set(&linnet_port_v1::series, series);
}

void units(const UnitContext& c, Units& units) {
  const linnet_series_v1& series = *c.port.series;
  units.scale(series.mean, series.deviation, series.learn != 0);
}

std::string describe(const UnitContext& c, const Units&, const std::string& scale,
                     const std::string&) {
  return fmt::format("column \"{}\", {}{}", c.port.series->column,
                     c.port.series->lags > 1 ? "oldest value first" : "a value a step", scale);
}

}  // namespace

const DataKind data::series{
    .name = "series",
    .doc = "the last values of a column in time, oldest first",
    .settings =
        {{.name = "column", .default_value = std::string(), .doc = "its name", .required = true},
         {"index", std::string(), "the column that names the rows"},
         {"lags", 0.0, "how many values; as many as the input takes", kCount},
         scale_setting(),
         {.name = "missing",
          .default_value = Enum{"refuse"},
          .doc = "what an empty cell is",
          .words = {"refuse", "previous", "linear"}},
         {.name = "known",
          .default_value = Enum{"past"},
          .doc = "ahead: up to the moment that is forecast, as a calendar is",
          .words = {"past", "ahead"}},
         mean_setting(false),
         std_setting(false)},
    .check = check,
    .resolve = resolve,
    .units = units,
    .describe = describe};

}  // namespace linnet::ir
