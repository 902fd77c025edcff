// How good forecasts from the past of a series would have been.
#pragma once

#include "base/result.h"
#include "runtime/run/options.h"
#include "runtime/run/stream.h"

namespace linnet::runtime {

// Prints, for 1, 4, 16 and 64 steps, the error of forecasts from each row of the table (or, with
// --last N, from the last N), beside that of "the same as the last value". Root of the mean square
// and mean absolute error, in the series' units.
[[nodiscard]] Result<void> run_backtest(Stream& stream, const SeriesPorts& ports,
                                        const SeriesTable& table, const std::string& path,
                                        const Options& options);

}  // namespace linnet::runtime
