// Forecasts of series: from the end of files, and line by line.
#include "base/io/file.h"
#include "runtime/answers/answer.h"
#include "runtime/answers/plot.h"
#include "runtime/data/ports.h"
#include "runtime/run/backtest.h"
#include "runtime/run/stream.h"
#include "runtime/run/tasks.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace linnet::runtime {
namespace {

// Beyond the target's own past a step needs what the others will be.
Result<void> check_known(const SeriesPorts& ports, const SeriesTable& table, int64_t row) {
  for (size_t i = 0; i < ports.inputs.size(); ++i) {
    if (static_cast<int64_t>(i) == ports.target) continue;
    const linnet_series_v1& series = ports.series(i);
    const auto known = static_cast<int64_t>(table.column(i).size());
    if (ports.newest(i, row) < known) continue;
    return series.ahead
               ? fail("column \"%s\" ends at row %lld of data, and this forecast needs %lld; add "
                      "rows with that column filled and \"%s\" empty",
                      series.column, static_cast<long long>(known),
                      static_cast<long long>(ports.newest(i, row) + 1),
                      ports.series(static_cast<size_t>(ports.target)).column)
               : fail("column \"%s\" is not `known: ahead`, so nothing beyond its end can be "
                      "forecast",
                      series.column);
  }
  return {};
}

// One file: its past into the stream, then `steps` values each from those before.
class Forecast {
public:
  Forecast(const linnet_model_v1& model, Stream& stream, const SeriesPorts& ports,
           const Options& options, const SeriesTable& table)
      : model_(model), stream_(stream), ports_(ports), options_(options), table_(table) {
    for (size_t i = 0; i < ports.inputs.size(); ++i)
      columns_.push_back(table.column(i));
  }

  Result<void> past() {
    const int64_t rows = table_.rows();
    if (rows < ports_.first_row() + 1 || rows < stream_warmup())
      return fail("%lld values, but a forecast takes the last %lld", static_cast<long long>(rows),
                  static_cast<long long>(std::max(ports_.first_row() + 1, stream_warmup())));
    forecasts_.resize(static_cast<size_t>(rows + ports_.steps), kNone);
    const int64_t first = stream_.width(0) > 1 ? ports_.first_row() : 0;
    for (int64_t row = first; row < rows; ++row) {
      LINNET_TRY(check_known(ports_, table_, row));
      forecasts_[static_cast<size_t>(row + ports_.steps)] = stream_.step(columns_, row);
    }
    return {};
  }

  // From where the file ends on; the stream's state is as it was after the file.
  Result<void> future() {
    const Stream::Snapshot after = stream_.snapshot();
    auto& target = columns_[static_cast<size_t>(ports_.target)];
    const int64_t rows = table_.rows();
    for (int64_t row = rows; row < rows + options_.steps; ++row) {
      if (row >= static_cast<int64_t>(forecasts_.size())) {
        LINNET_TRY(check_known(ports_, table_, row - ports_.steps));
        forecasts_.push_back(stream_.step(columns_, row - ports_.steps));
      }
      target.push_back(forecasts_[static_cast<size_t>(row)]);
    }
    stream_.restore(after);
    return {};
  }

  void print(const std::string& path) const {
    const linnet_series_v1& series = ports_.series(static_cast<size_t>(ports_.target));
    for (int64_t step = 1; step <= options_.steps; ++step) {
      const int64_t row = table_.rows() + step - 1;
      const double value = forecasts_[static_cast<size_t>(row)];
      const std::string name = table_.name(row);
      const std::string when = name.empty() ? format("+%lld", static_cast<long long>(step)) : name;
      Answer answer(options_.json);
      answer.sentence("%s  %.6g", when.c_str(), value);
      answer.text("file", path.c_str());
      answer.count("step", step);
      if (!name.empty()) answer.text(series.index, name.c_str());
      answer.number(series.column, value);
      answer.print();
    }
  }

  Result<void> draw(const std::string& title) const {
    const linnet_series_v1& series = ports_.series(static_cast<size_t>(ports_.target));
    const auto& target = table_.column(static_cast<size_t>(ports_.target));
    // So much of the past that a forecast is seen beside it.
    const int64_t rows = table_.rows();
    const int64_t from = std::max<int64_t>(rows - std::max<int64_t>(options_.steps * 4, 100), 0);
    PlotLine history{series.column, {}, {}}, one{"one step ahead", {}, {}},
        ahead{"forecast", {}, {}};
    bool named = true;
    double before = -kInfinity;
    for (int64_t row = from; row < rows + options_.steps; ++row) {
      const auto number = parse_number(table_.name(row));
      named = named && number && *number > before;
      before = number.value_or(0);
    }
    const auto position = [&](int64_t row) {
      return named ? *parse_number(table_.name(row)) : static_cast<double>(row + 1);
    };
    const auto add = [&](PlotLine& line, int64_t row, double value) {
      line.x.push_back(position(row));
      line.y.push_back(value);
    };
    for (int64_t row = from; row < rows; ++row) {
      add(history, row, target[static_cast<size_t>(row)]);
      add(one, row, forecasts_[static_cast<size_t>(row)]);
    }
    add(ahead, rows - 1, target.back());
    for (int64_t row = rows; row < rows + options_.steps; ++row)
      add(ahead, row, forecasts_[static_cast<size_t>(row)]);
    one.dashed = true;
    const Plot plot{title,
                    named ? series.index : "row",
                    series.column,
                    {history, one, ahead},
                    position(rows - 1)};
    return write_file(options_.plot, plot.svg());
  }

  [[nodiscard]] const std::vector<std::vector<double>>& columns() const { return columns_; }

private:
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  [[nodiscard]] int64_t stream_warmup() const {
    return options_.load_state.empty() ? model_.stream->warmup + 1 : 1;
  }

  const linnet_model_v1& model_;
  Stream& stream_;
  const SeriesPorts& ports_;
  const Options& options_;
  const SeriesTable& table_;
  std::vector<std::vector<double>> columns_;
  std::vector<double> forecasts_;  // by row
};

// Lines of standard input as they come: a number for each input, commas between; an answer a line.
class Follower {
public:
  Follower(Stream& stream, const SeriesPorts& ports) : stream_(stream), ports_(ports) {
    for (size_t i = 0; i < ports.inputs.size(); ++i)
      values_.emplace_back(1);
  }

  Result<void> run() {
    std::vector<char> buffer(kBuffer);
    size_t held = 0;  // the begin of a line that has not ended
    while (true) {
      if (!more_is_ready()) flush();
      if (closed_) return {};
      const ssize_t got = read(STDIN_FILENO, buffer.data() + held, buffer.size() - held);
      if (got < 0) return fail("standard input: %s", std::strerror(errno));
      size_t end = held + static_cast<size_t>(got);
      size_t at = 0;
      for (const char* stop; at < end; at = static_cast<size_t>(stop - buffer.data()) + 1) {
        stop = static_cast<const char*>(std::memchr(buffer.data() + at, '\n', end - at));
        if (!stop) break;
        LINNET_TRY(line(buffer.data() + at, stop));
      }
      if (got == 0) {
        if (at < end) LINNET_TRY(line(buffer.data() + at, buffer.data() + end));
        break;
      }
      held = end - at;
      std::memmove(buffer.data(), buffer.data() + at, held);
      if (held == buffer.size())
        return fail("line %lld: longer than %zu bytes", static_cast<long long>(line_ + 1), kBuffer);
    }
    flush();
    return {};
  }

private:
  static constexpr size_t kBuffer = 1 << 16;

  static bool more_is_ready() {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    return poll(&input, 1, 0) > 0 && (input.revents & POLLIN) != 0;
  }
  // Nobody reads any more: no error, and the state is saved as at the end of the input.
  void flush() {
    errno = 0;
    const bool whole =
        std::fwrite(answers_.data(), 1, answers_.size(), stdout) == answers_.size() &&
        std::fflush(stdout) == 0;
    closed_ = closed_ || (!whole && errno == EPIPE);
    if (closed_) std::clearerr(stdout);
    answers_.clear();
  }

  Result<void> line(const char* at, const char* end) {
    ++line_;
    if (end > at && end[-1] == '\r') --end;
    for (size_t i = 0; i < values_.size(); ++i) {
      while (at < end && (*at == ' ' || *at == '\t'))
        ++at;
      const auto [stop, error] = std::from_chars(at, end, values_[i][0]);
      const char* next = stop;
      while (next < end && (*next == ' ' || *next == '\t'))
        ++next;
      const bool last = i + 1 == values_.size();
      const bool ends = last ? next == end : next < end && *next == ',';
      if (error != std::errc() || !ends || !std::isfinite(values_[i][0]))
        return fail("line %lld, column %zu (%s): \"%s\" is not a number",
                    static_cast<long long>(line_), i + 1, ports_.series(i).column,
                    std::string(at, std::min(end, at + 24)).c_str());
      at = next + 1;
    }
    char text[32];
    const int length = std::snprintf(text, sizeof text, "%.9g\n", stream_.step(values_));
    answers_.append(text, static_cast<size_t>(length));
    if (answers_.size() > kBuffer) flush();
    return {};
  }

  Stream& stream_;
  const SeriesPorts& ports_;
  std::vector<std::vector<double>> values_;
  std::string answers_;
  int64_t line_ = 0;
  bool closed_ = false;
};

Result<void> one_file(const linnet_model_v1& model, const SeriesPorts& ports,
                      const Options& options, const std::string& path, Stream& stream) {
  LINNET_TRY_ASSIGN(const auto& table, SeriesTable::read(path, ports));
  if (options.files.size() > 1) {
    Answer heading(options.json);
    heading.sentence("%s", path.c_str());
    heading.print();
  }
  if (options.backtest) return run_backtest(stream, ports, table, path, options);
  Forecast forecast(model, stream, ports, options, table);
  const auto named = [&](const Error& error) {
    return tl::unexpected(Error{path + ": " + error.message, error.status});
  };
  if (auto done = forecast.past(); !done) return named(done.error());
  if (options.follow) return {};
  if (auto done = forecast.future(); !done) return named(done.error());
  forecast.print(path);
  if (options.plot.empty()) return {};
  return forecast.draw(format("%s: %s", model.name, path.c_str()));
}

}  // namespace

Result<void> run_series(const Model& model, const Options& options) {
  const linnet_model_v1& abi = model.abi();
  LINNET_TRY_ASSIGN(const auto& ports,
                    SeriesPorts::of({abi.inputs, static_cast<size_t>(abi.input_count)},
                                    {abi.outputs, static_cast<size_t>(abi.output_count)}));
  for (int64_t i = 0; abi.stateful && i < abi.input_count; ++i) {
    if (elements_of(abi.inputs[i]) != abi.inputs[i].series->lags)
      return fail(
          "a step takes %lld values of '%s', several streams side by side, and this program "
          "follows one; compile it without --batch",
          static_cast<long long>(elements_of(abi.inputs[i])), abi.inputs[i].name);
  }
  std::unique_ptr<Stream> stream;
  const auto begin = [&]() -> Result<void> {
    stream = std::make_unique<Stream>(abi, ports);
    return options.load_state.empty() ? Result<void>() : stream->load(options.load_state);
  };
  LINNET_TRY(begin());
  if (!options.evaluate.empty()) {
    Options backtest = options;
    backtest.backtest = true;
    return one_file(abi, ports, backtest, options.evaluate, *stream);
  }
  for (size_t i = 0; i < options.files.size(); ++i) {
    if (i > 0) LINNET_TRY(begin());  // each file is a series of its own
    LINNET_TRY(one_file(abi, ports, options, options.files[i], *stream));
  }
  if (options.follow) {
    for (size_t i = 0; i < ports.inputs.size(); ++i) {
      if (stream->width(i) != 1)
        return fail("--follow: '%s' takes %lld values a step; a line brings one",
                    ports.inputs[i].name, static_cast<long long>(stream->width(i)));
    }
    std::signal(SIGPIPE, SIG_IGN);
    LINNET_TRY(Follower(*stream, ports).run());
  }
  return options.save_state.empty() ? Result<void>() : stream->save(options.save_state);
}

}  // namespace linnet::runtime
