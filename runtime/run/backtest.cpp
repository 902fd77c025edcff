// Forecasts from rows of the past, beside the same as the last value.
#include "runtime/run/backtest.h"

#include "runtime/answers/answer.h"

#include <array>
#include <cmath>
#include <utility>

namespace linnet::runtime {
namespace {

constexpr std::array<int64_t, 4> kSteps = {1, 4, 16, 64};

struct Error2 {
  int64_t count = 0;
  double squares = 0, absolute = 0;
  void add(double difference) {
    ++count;
    squares += difference * difference;
    absolute += std::fabs(difference);
  }
  [[nodiscard]] double root() const { return std::sqrt(squares / static_cast<double>(count)); }
  [[nodiscard]] double mean() const { return absolute / static_cast<double>(count); }
};

struct Scores {
  std::array<Error2, kSteps.size()> model, naive;
};

// May forecasts stand in for the series where the file ends? Not where another input must be known.
bool may_go_on(const SeriesPorts& ports) {
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    if (static_cast<int64_t>(i) != ports.target && !ports.series(i).ahead) return false;
  }
  return true;
}

// Forecasts of the rows after `origin`, each from those before; the stream ends as it began.
void look_ahead(Stream& stream, const SeriesPorts& ports, const SeriesTable& table, int64_t origin,
                double first, std::vector<std::vector<double>>& columns, Scores& scores) {
  const auto target = static_cast<size_t>(ports.target);
  const std::vector<double>& truth = table.column(target);
  const Stream::Snapshot here = stream.snapshot();
  // Of steps ahead only the last is forecast at once: those between are taken as forecast too.
  std::vector<double> kept;
  double value = first;
  const bool on = may_go_on(ports) && ports.steps == 1;
  for (int64_t k = ports.steps; k <= (on ? kSteps.back() : ports.steps); ++k) {
    const int64_t row = origin + k;
    if (row >= table.rows()) break;
    for (size_t i = 0; i < kSteps.size(); ++i) {
      if (kSteps[i] != k) continue;
      scores.model[i].add(value - truth[static_cast<size_t>(row)]);
      scores.naive[i].add(truth[static_cast<size_t>(origin)] - truth[static_cast<size_t>(row)]);
    }
    bool known = true;
    for (size_t i = 0; i < ports.inputs.size(); ++i)
      known = known &&
              (i == target || ports.newest(i, row) < static_cast<int64_t>(table.column(i).size()));
    if (!on || !known || k == kSteps.back()) break;
    kept.push_back(std::exchange(columns[target][static_cast<size_t>(row)], value));
    value = stream.step(columns, row);
  }
  for (size_t i = 0; i < kept.size(); ++i)
    columns[target][static_cast<size_t>(origin) + 1 + i] = kept[i];
  stream.restore(here);
}

void print(const Scores& scores, const SeriesPorts& ports, const std::string& path, bool json) {
  Answer heading(json);
  heading.sentence("%s, column %s\n%6s %10s %12s %12s %12s %12s", path.c_str(),
                   ports.series(static_cast<size_t>(ports.target)).column, "steps", "forecasts",
                   "rmse", "naive rmse", "mae", "naive mae");
  heading.print();
  for (size_t i = 0; i < kSteps.size(); ++i) {
    const Error2 &m = scores.model[i], &n = scores.naive[i];
    if (m.count == 0) continue;
    Answer answer(json);
    answer.sentence("%6lld %10lld %12.5g %12.5g %12.5g %12.5g", static_cast<long long>(kSteps[i]),
                    static_cast<long long>(m.count), m.root(), n.root(), m.mean(), n.mean());
    answer.text("file", path.c_str());
    answer.count("steps", kSteps[i]);
    answer.count("n", m.count);
    answer.number("rmse", m.root());
    answer.number("naive_rmse", n.root());
    answer.number("mae", m.mean());
    answer.number("naive_mae", n.mean());
    answer.print();
  }
}

}  // namespace

Result<void> run_backtest(Stream& stream, const SeriesPorts& ports, const SeriesTable& table,
                          const std::string& path, const Options& options) {
  std::vector<std::vector<double>> columns;
  for (size_t i = 0; i < ports.inputs.size(); ++i)
    columns.push_back(table.column(i));
  Scores scores;
  const int64_t first = stream.width(0) > 1 ? ports.first_row() : 0;
  const int64_t from = options.last > 0 ? std::max(first, table.rows() - options.last) : first;
  for (int64_t row = first; row + ports.steps < table.rows(); ++row) {
    const double value = stream.step(columns, row);
    if (row >= from && std::isfinite(value))
      look_ahead(stream, ports, table, row, value, columns, scores);
  }
  if (scores.model[0].count == 0 && ports.steps == 1)
    return fail("%s: too few values to forecast any of them", path.c_str());
  print(scores, ports, path, options.json);
  return {};
}

}  // namespace linnet::runtime
