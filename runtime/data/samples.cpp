// Reads training data: series, tables, tensors; pictures are picture_samples.cpp's.
#include "runtime/data/samples.h"

#include "base/io/file.h"
#include "base/io/npy.h"
#include "base/philox.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture_samples.h"
#include "runtime/data/ports.h"
#include "runtime/data/series_table.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace linnet::runtime::train {
namespace {

constexpr uint32_t kSplitStream = 0xFFFFFFFE;

Scale scale_of(const char* name, std::span<const double> values) {
  double mean = 0, square = 0;
  for (double value : values)
    mean += value;
  mean /= static_cast<double>(values.size());
  for (double value : values)
    square += (value - mean) * (value - mean);
  const double deviation = std::sqrt(square / static_cast<double>(values.size()));
  return {name, {mean}, {deviation > 0 ? deviation : 1}};  // a constant stays one
}

class Reader {
public:
  Reader(const linnet_trainer_v1& trainer, std::string path, double validation,
         std::vector<Scale> scales = {})
      : t_(trainer), path_(std::move(path)), validation_(validation), scales_(std::move(scales)) {}

  // Samples set apart of so many.
  [[nodiscard]] int64_t apart_of(int64_t count) const {
    return static_cast<int64_t>(std::floor(static_cast<double>(count) * validation_));
  }
  // Samples before those set apart that share rows with them.
  [[nodiscard]] int64_t overlap() const { return overlap_; }
  [[nodiscard]] std::vector<Scale>& scales() { return scales_; }

  // nullopt: there is no test data.
  Result<std::optional<Samples>> read(bool test) {
    if (reads_pictures(t_)) return read_pictures(t_, path_, test);
    if (t_.inputs[0].series) return series(test);
    if (t_.input_count >= 1 && t_.inputs[0].table) return table(test);
    return tensors(test);
  }

private:
  using Found = Result<std::optional<Samples>>;

  // f32 values become the port's floats.
  static void store(Tensor& tensor, int64_t first, const float* values, int64_t count) {
    const int64_t size = size_of(tensor.dtype);
    convert(DType::kF32, values, tensor.dtype, tensor.data.data() + first * size, count);
  }

  // ---- CSV

  // The file of one part: PATH itself is the training data.
  std::string csv(bool test) const {
    if (!is_folder(path_)) return test ? "" : path_;
    const std::string file = path_ + (test ? "/test.csv" : "/train.csv");
    return test && !file_exists(file) ? "" : file;
  }

  Found series(bool test) {
    const std::string file = csv(test);
    if (file.empty()) return std::nullopt;
    auto ports = SeriesPorts::of({t_.inputs, static_cast<size_t>(t_.input_count)},
                                 {t_.targets, static_cast<size_t>(t_.target_count)});
    if (!ports) return tl::unexpected(ports.error());
    if (t_.target_count != 1)
      return fail("a model of series has one target, '%s'", t_.targets[0].name);
    auto table = SeriesTable::read(file, *ports);
    if (!table) return tl::unexpected(table.error());
    const int64_t window = ports->series(0).window, first = ports->first_row();
    const int64_t last = table->rows() - 1 - ports->steps;  // a row that is forecast from
    const int64_t count = last - first - window + 2;
    if (count < 1)
      return fail("%s: %lld values make no window of %lld and what comes after", file.c_str(),
                  static_cast<long long>(table->rows()), static_cast<long long>(first + window));
    // The targets of the last training sample are not among those of validation.
    if (!test) {
      const int64_t apart = apart_of(count);
      overlap_ = apart > 0 ? std::min(window - 1, count - apart - 1) : 0;
      learn(*ports, *table, first + count - apart - overlap_ + window - 1 + ports->steps);
    }
    Samples samples = empty_samples(t_, count);
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t t = 0; t < window; ++t) {
        const int64_t row = first + i + t;
        for (size_t k = 0; k < samples.inputs.size(); ++k) {
          const int64_t lags = ports->series(k).lags;
          store_row(*table, k, ports->newest(k, row) - lags + 1, lags, samples.inputs[k],
                    (i * window + t) * lags);
        }
        store_row(*table, static_cast<size_t>(ports->target), row + ports->steps, 1,
                  samples.targets[0], i * window + t);
      }
    }
    return samples;
  }

  // Mean and deviation of each column's first `rows` values, where they are to be learnt.
  void learn(const SeriesPorts& ports, const SeriesTable& table, int64_t rows) {
    for (size_t i = 0; i < ports.inputs.size(); ++i) {
      if (!ports.series(i).learn) continue;
      const std::vector<double>& column = table.column(i);
      const size_t count = std::min(column.size(), static_cast<size_t>(rows));
      scales_.push_back(scale_of(ports.inputs[i].name, {column.data(), count}));
    }
  }

  void store_row(const SeriesTable& table, size_t input, int64_t row, int64_t count, Tensor& to,
                 int64_t at) const {
    const linnet_port_v1& port = t_.inputs[input];
    double mean = port.series->mean, deviation = port.series->deviation;
    for (const Scale& scale : scales_) {
      if (scale.name != port.name) continue;
      mean = scale.mean[0];
      deviation = scale.deviation[0];
    }
    for (int64_t k = 0; k < count; ++k) {
      const double value = (table.column(input)[static_cast<size_t>(row + k)] - mean) / deviation;
      convert(DType::kF64, &value, to.dtype, to.data.data() + (at + k) * size_of(to.dtype), 1);
    }
  }

  Found table(bool test) {
    const std::string file = csv(test);
    if (file.empty()) return std::nullopt;
    auto table = CsvTable::read(file, CsvHeader::kYes);
    if (!table) return tl::unexpected(table.error());
    const auto rows = static_cast<int64_t>(table->rows());
    Samples samples = empty_samples(t_, rows);
    const auto read = [&](const linnet_port_v1& port, Tensor& to) -> Result<void> {
      std::vector<float> row(static_cast<size_t>(elements_of(port)));
      for (int64_t i = 0; i < rows; ++i) {
        LINNET_TRY(read_row(*table, static_cast<size_t>(i), *port.table, row.data()));
        store(to, i * elements_of(port), row.data(), elements_of(port));
      }
      return {};
    };
    for (int64_t i = 0; i < t_.input_count; ++i) {
      if (!t_.inputs[i].table) return fail("input '%s' has no column declared", t_.inputs[i].name);
      LINNET_TRY(read(t_.inputs[i], samples.inputs[static_cast<size_t>(i)]));
    }
    for (int64_t i = 0; i < t_.target_count; ++i) {
      const linnet_port_v1& port = t_.targets[i];
      Tensor& to = samples.targets[static_cast<size_t>(i)];
      if (port.table) {
        LINNET_TRY(read(port, to));
      } else if (port.classes) {
        LINNET_TRY(labels(*table, port, to));
      } else {
        return fail("output '%s' has no column declared", port.name);
      }
    }
    return samples;
  }

  // Classes stand in the column named like the output.
  Result<void> labels(const CsvTable& table, const linnet_port_v1& port, Tensor& to) const {
    auto column = table.column_named(port.name);
    if (!column) return tl::unexpected(column.error());
    for (size_t row = 0; row < table.rows(); ++row) {
      const std::string cell(table.cell(row, *column));
      const auto end = port.classes->labels + port.classes->count;
      const auto at = std::find(port.classes->labels, end, cell);
      if (at == end)
        return fail("%s: '%s' is none of the %lld classes (%s)", table.place(row, *column).c_str(),
                    cell.c_str(), static_cast<long long>(port.classes->count),
                    quoted_list(port.classes->labels, port.classes->count).c_str());
      to.as<int64_t>()[row] = at - port.classes->labels;
    }
    return {};
  }

  // ---- tensors

  Found tensors(bool test) {
    const std::string folder = test ? path_ + "/test" : path_;
    if (test && !is_folder(folder)) return std::nullopt;
    Samples samples;
    samples.count = -1;
    const auto read = [&](const linnet_port_v1& port, std::vector<Tensor>& list) -> Result<void> {
      const std::string file = folder + "/" + port.name + ".npy";
      auto tensor = read_npy(file);
      if (!tensor) return tl::unexpected(tensor.error());
      const int64_t each = elements_of(port);
      const int64_t count = tensor->shape.empty() ? 0 : tensor->shape[0];
      if (tensor->elements() != count * each || count < 1)
        return fail("%s: %s does not hold samples of %lld numbers each; the first dimension counts "
                    "them",
                    file.c_str(), shape_text(tensor->shape).c_str(), static_cast<long long>(each));
      if (samples.count >= 0 && samples.count != count)
        return fail("%s: %lld samples, but other files hold %lld", file.c_str(),
                    static_cast<long long>(count), static_cast<long long>(samples.count));
      samples.count = count;
      list.push_back(converted(*tensor, dtype_of_abi(port.dtype)));
      return check_classes(file, port, list.back());
    };
    for (int64_t i = 0; i < t_.input_count; ++i)
      LINNET_TRY(read(t_.inputs[i], samples.inputs));
    for (int64_t i = 0; i < t_.target_count; ++i)
      LINNET_TRY(read(t_.targets[i], samples.targets));
    return samples;
  }

  static Result<void> check_classes(const std::string& file, const linnet_port_v1& port,
                                    const Tensor& tensor) {
    if (!port.classes || tensor.dtype != DType::kI64) return {};
    const auto labels = tensor.as<int64_t>();
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0 || labels[i] >= port.classes->count)
        return fail("%s: sample %zu has label %lld, but the model has %lld classes: 0 to %lld (%s)",
                    file.c_str(), i, static_cast<long long>(labels[i]),
                    static_cast<long long>(port.classes->count),
                    static_cast<long long>(port.classes->count - 1),
                    quoted_list(port.classes->labels, port.classes->count).c_str());
    }
    return {};
  }

  const linnet_trainer_v1& t_;
  std::string path_;
  double validation_;
  std::vector<Scale> scales_;
  int64_t overlap_ = 0;
};

Tensor chosen(const Tensor& from, int64_t count, const std::vector<int64_t>& which) {
  Tensor to = from;
  to.shape[0] = static_cast<int64_t>(which.size());
  const auto bytes = from.data.size() / static_cast<size_t>(count);
  to.data.resize(bytes * which.size());
  for (size_t i = 0; i < which.size(); ++i)
    std::copy_n(from.data.begin() + static_cast<ptrdiff_t>(bytes) * which[i], bytes,
                to.data.begin() + static_cast<ptrdiff_t>(bytes * i));
  return to;
}

Samples chosen(const Samples& from, const std::vector<int64_t>& which) {
  Samples to;
  to.count = static_cast<int64_t>(which.size());
  for (const Tensor& tensor : from.inputs)
    to.inputs.push_back(chosen(tensor, from.count, which));
  for (const Tensor& tensor : from.targets)
    to.targets.push_back(chosen(tensor, from.count, which));
  return to;
}

// A number that is not finite makes all that follow so.
Result<void> check_finite(const linnet_trainer_v1& trainer, const Samples& samples) {
  const auto check = [&](const linnet_port_v1& port, const Tensor& tensor) -> Result<void> {
    if (tensor.dtype != DType::kF32 && tensor.dtype != DType::kF64) return {};
    const Tensor wide = converted(tensor, DType::kF64);
    const auto values = wide.as<double>();
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isfinite(values[i]))
        return fail("sample %zu of '%s' is not finite",
                    i * static_cast<size_t>(samples.count) / values.size(), port.name);
    }
    return {};
  };
  for (size_t i = 0; i < samples.inputs.size(); ++i)
    LINNET_TRY(check(trainer.inputs[i], samples.inputs[i]));
  for (size_t i = 0; i < samples.targets.size(); ++i)
    LINNET_TRY(check(trainer.targets[i], samples.targets[i]));
  return {};
}

// The port of this name and its samples.
void apply(const linnet_trainer_v1& trainer, const Scale& scale, Samples& samples) {
  const auto scaled = [&](const linnet_port_v1& port, Tensor& tensor) {
    if (!port.table || scale.name != port.name) return;
    Tensor wide = converted(tensor, DType::kF64);
    const auto values = wide.as<double>();
    const size_t columns = scale.mean.size();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = (values[i] - scale.mean[i % columns]) / scale.deviation[i % columns];
    const DType dtype = tensor.dtype;
    tensor = converted(wide, dtype);
  };
  for (size_t i = 0; i < samples.inputs.size(); ++i)
    scaled(trainer.inputs[i], samples.inputs[i]);
  for (size_t i = 0; i < samples.targets.size(); ++i)
    scaled(trainer.targets[i], samples.targets[i]);
}

// `scale: standard` of tables: by the training part's columns.
void learn_tables(const linnet_trainer_v1& trainer, DataSet& data) {
  const auto learn = [&](const linnet_port_v1& port, const Tensor& tensor) {
    if (!port.table || !port.table->columns[0].learn) return;
    const Tensor wide = converted(tensor, DType::kF64);
    const auto values = wide.as<double>();
    const auto columns = static_cast<size_t>(port.table->count);
    Scale whole{port.name, {}, {}};
    for (size_t c = 0; c < columns; ++c) {
      std::vector<double> column;
      for (size_t i = c; i < values.size(); i += columns)
        column.push_back(values[i]);
      const Scale one = scale_of(port.name, column);
      whole.mean.push_back(one.mean[0]);
      whole.deviation.push_back(one.deviation[0]);
    }
    data.scales.push_back(whole);
    apply(trainer, whole, data.train);
    if (data.validation) apply(trainer, whole, *data.validation);
  };
  for (size_t i = 0; i < data.train.inputs.size(); ++i)
    learn(trainer.inputs[i], data.train.inputs[i]);
  for (size_t i = 0; i < data.train.targets.size(); ++i)
    learn(trainer.targets[i], data.train.targets[i]);
}

}  // namespace

Samples empty_samples(const linnet_trainer_v1& trainer, int64_t count) {
  const auto make = [&](const linnet_port_v1& port) {
    std::vector<int64_t> shape{count};
    const int64_t each = elements_of(port);
    if (each != 1) shape.push_back(each);
    return make_tensor(dtype_of_abi(port.dtype), std::move(shape));
  };
  Samples samples;
  samples.count = count;
  for (int64_t i = 0; i < trainer.input_count; ++i)
    samples.inputs.push_back(make(trainer.inputs[i]));
  for (int64_t i = 0; i < trainer.target_count; ++i)
    samples.targets.push_back(make(trainer.targets[i]));
  return samples;
}

std::vector<std::string> absent_classes(const linnet_trainer_v1& trainer, const Samples& samples) {
  std::vector<std::string> absent;
  for (size_t i = 0; i < samples.targets.size(); ++i) {
    const linnet_port_v1& port = trainer.targets[i];
    const Tensor& tensor = samples.targets[i];
    if (!port.classes || tensor.dtype != DType::kI64) continue;
    std::vector<bool> seen(static_cast<size_t>(port.classes->count), false);
    for (const int64_t label : tensor.as<int64_t>())
      seen[static_cast<size_t>(label)] = true;
    for (size_t label = 0; label < seen.size(); ++label) {
      if (!seen[label]) absent.emplace_back(port.classes->labels[label]);
    }
  }
  return absent;
}

std::vector<int64_t> permutation(int64_t count, uint64_t seed, uint32_t stream, uint64_t step) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i) {
    const double u = philox_uniform_f64(seed, stream, step, static_cast<uint64_t>(i));
    const auto k = static_cast<int64_t>(u * static_cast<double>(i + 1));
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(k)]);
  }
  return order;
}

Result<DataSet> read_training(const linnet_trainer_v1& trainer, const std::string& path,
                              uint64_t seed, double validation) {
  Reader reader(trainer, path, validation);
  auto read = reader.read(false);
  if (!read) return tl::unexpected(read.error());
  Samples all = std::move(**read);
  LINNET_TRY(check_finite(trainer, all));
  DataSet data;
  data.scales = reader.scales();
  const int64_t apart = reader.apart_of(all.count);
  const int64_t rest = all.count - apart - reader.overlap();
  if (rest < trainer.batch)
    return fail("%s: %lld samples to train on, fewer than a batch of %lld; make it smaller in the "
                "train block, or by linnet train --batch",
                path.c_str(), static_cast<long long>(rest), static_cast<long long>(trainer.batch));
  if (apart == 0) {
    data.train = std::move(all);
    learn_tables(trainer, data);
    return data;
  }
  std::vector<int64_t> order(static_cast<size_t>(all.count));
  std::iota(order.begin(), order.end(), 0);
  if (!trainer.recipe.chronological) order = permutation(all.count, seed, kSplitStream, 0);
  std::vector<int64_t> first(order.begin(), order.begin() + rest),
      last(order.end() - apart, order.end());
  // Both parts keep the order of the files.
  std::ranges::sort(first);
  std::ranges::sort(last);
  data.train = chosen(all, first);
  data.validation = chosen(all, last);
  learn_tables(trainer, data);
  return data;
}

Result<std::optional<Samples>> read_test(const linnet_trainer_v1& trainer, const std::string& path,
                                         const std::vector<Scale>& scales) {
  auto read = Reader(trainer, path, 0, scales).read(true);
  if (!read || !*read) return read;
  LINNET_TRY(check_finite(trainer, **read));
  for (const Scale& scale : scales)
    apply(trainer, scale, **read);
  return read;
}

Result<Samples> read_to_evaluate(const linnet_trainer_v1& trainer, const std::string& path) {
  const auto learns = [](const linnet_port_v1& port) {
    return (port.series && port.series->learn) || (port.table && port.table->columns[0].learn);
  };
  for (int64_t i = 0; i < trainer.input_count; ++i) {
    if (learns(trainer.inputs[i]))
      return fail("'%s' has scale: standard, whose mean and deviation are learnt with the weights, "
                  "and no weights brought them",
                  trainer.inputs[i].name);
  }
  Result<Samples> samples = [&]() -> Result<Samples> {
    if (reads_pictures(trainer)) return read_pictures_to_evaluate(trainer, path);
    auto found = Reader(trainer, path, 0).read(true);
    const bool columns = trainer.inputs[0].series || trainer.inputs[0].table;
    if (found && !*found && columns && is_folder(path))
      return fail("%s: there is no test.csv in it; name the CSV file", path.c_str());
    if (found && !*found) found = Reader(trainer, path, 0).read(false);
    if (!found) return tl::unexpected(found.error());
    return std::move(**found);
  }();
  if (!samples) return samples;
  if (samples->count == 0) return fail("%s: there is no sample in it", path.c_str());
  LINNET_TRY(check_finite(trainer, *samples));
  return samples;
}

}  // namespace linnet::runtime::train
