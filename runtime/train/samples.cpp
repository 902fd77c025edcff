#include "runtime/train/samples.h"

#include "runtime/io/file.h"
#include "runtime/io/idx.h"
#include "runtime/io/npy.h"
#include "runtime/philox.h"
#include "runtime/ports.h"
#include "runtime/series_table.h"

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
    if (t_.input_count == 1 && t_.inputs[0].image && t_.target_count == 1 && t_.targets[0].classes)
      return pictures(test);
    if (t_.inputs[0].series) return series(test);
    if (t_.input_count >= 1 && t_.inputs[0].table) return table(test);
    return tensors(test);
  }

private:
  using Found = Result<std::optional<Samples>>;

  [[nodiscard]] Tensor make(const linnet_port_v1& port, int64_t count) const {
    std::vector<int64_t> shape{count};
    const int64_t each = elements_of(port);
    if (each != 1) shape.push_back(each);
    return make_tensor(static_cast<DType>(port.dtype), std::move(shape));
  }
  // f32 values become the port's floats.
  static void store(Tensor& tensor, int64_t first, const float* values, int64_t count) {
    const int64_t size = bytes_of(tensor.dtype);
    convert(DType::kF32, values, tensor.dtype, tensor.data.data() + first * size, count);
  }

  // ---- pictures

  // Decoded samples of one picture into sample `i`: in f32 as everywhere; in f64 scaled there, so
  // that no bit of the arithmetic is f32's.
  class Pictures {
  public:
    Pictures(const linnet_port_v1& port, Tensor& to)
        : port_(port), to_(to), decoding_(decoding_of(*port.image)),
          decoded_(static_cast<size_t>(elements_of(port))) {
      if (to.dtype != DType::kF64) return;
      const bool invert = decoding_.invert;
      decoding_ = {.color = decoding_.color, .resize = decoding_.resize, .fit = decoding_.fit};
      decoding_.invert = invert;
    }
    [[nodiscard]] const ImageDecoding& decoding() const { return decoding_; }
    [[nodiscard]] float* buffer() { return decoded_.data(); }
    [[nodiscard]] int height() const { return static_cast<int>(port_.image->height); }
    [[nodiscard]] int width() const { return static_cast<int>(port_.image->width); }
    void store(int64_t i) {
      const auto count = static_cast<int64_t>(decoded_.size());
      if (to_.dtype != DType::kF64) {
        Reader::store(to_, i * count, decoded_.data(), count);
        return;
      }
      const int64_t plane = port_.image->height * port_.image->width;
      for (int64_t k = 0; k < count; ++k) {
        const int64_t channel = k / plane;
        to_.as<double>()[static_cast<size_t>(i * count + k)] =
            (decoded_[static_cast<size_t>(k)] * port_.image->scale - port_.image->mean[channel]) /
            port_.image->deviation[channel];
      }
    }

  private:
    const linnet_port_v1& port_;
    Tensor& to_;
    ImageDecoding decoding_;
    std::vector<float> decoded_;
  };

  Found pictures(bool test) {
    if (!is_folder(path_))
      return fail("%s: a folder with MNIST's files or with pictures is expected", path_.c_str());
    const std::string stem = test ? "t10k" : "train";
    for (const char* separator : {"-", "."}) {
      const std::string images = path_ + "/" + stem + "-images" + separator + "idx3-ubyte";
      if (file_exists(images))
        return idx(images, path_ + "/" + stem + "-labels" + separator + "idx1-ubyte");
      if (file_exists(images + ".gz"))
        return fail("%s.gz: unpack it first: gunzip %s.gz", images.c_str(), images.c_str());
    }
    const std::string named = path_ + (test ? "/test" : "/train");
    if (is_folder(named)) return folders(named);
    if (test) return std::nullopt;
    return folders(path_);
  }

  Samples empty(int64_t count) const {
    Samples samples;
    samples.count = count;
    for (int64_t i = 0; i < t_.input_count; ++i)
      samples.inputs.push_back(make(t_.inputs[i], count));
    for (int64_t i = 0; i < t_.target_count; ++i)
      samples.targets.push_back(make(t_.targets[i], count));
    return samples;
  }

  Found idx(const std::string& images_path, const std::string& labels_path) {
    auto images = read_idx(images_path);
    if (!images) return tl::unexpected(images.error());
    auto labels = read_idx(labels_path);
    if (!labels) return tl::unexpected(labels.error());
    if (images->shape.size() != 3 && images->shape.size() != 4)
      return fail("%s: pictures are expected, not rank %zu", images_path.c_str(),
                  images->shape.size());
    const int64_t count = images->shape[0];
    if (labels->shape.size() != 1 || labels->shape[0] != count)
      return fail("%s: %lld labels are expected, one for each picture of %s", labels_path.c_str(),
                  static_cast<long long>(count), images_path.c_str());
    Samples samples = empty(count);
    Pictures pictures(t_.inputs[0], samples.inputs[0]);
    const int height = static_cast<int>(images->shape[1]),
              width = static_cast<int>(images->shape[2]);
    const int channels = images->shape.size() > 3 ? static_cast<int>(images->shape[3]) : 1;
    const int64_t bytes = int64_t{height} * width * channels;
    for (int64_t i = 0; i < count; ++i) {
      decode_pixels(images->data.data() + i * bytes, int64_t{width} * channels, height, width,
                    channels, pictures.decoding(), pictures.height(), pictures.width(),
                    pictures.buffer());
      pictures.store(i);
      const int64_t label = labels->data[static_cast<size_t>(i)];
      if (label >= t_.targets[0].classes->count)
        return fail("%s: sample %lld has label %lld, but the model has %lld classes",
                    labels_path.c_str(), static_cast<long long>(i), static_cast<long long>(label),
                    static_cast<long long>(t_.targets[0].classes->count));
      samples.targets[0].as<int64_t>()[static_cast<size_t>(i)] = label;
    }
    return samples;
  }

  Found folders(const std::string& root) {
    std::vector<std::pair<std::string, int64_t>> files;
    const linnet_classes_v1& classes = *t_.targets[0].classes;
    for (int64_t label = 0; label < classes.count; ++label) {
      const std::string folder = root + "/" + classes.labels[label];
      if (!is_folder(folder)) continue;
      auto names = list_folder(folder);
      if (!names) return tl::unexpected(names.error());
      for (const std::string& name : *names) {
        if (is_picture(name)) files.emplace_back(folder + "/" + name, label);
      }
    }
    if (files.empty())
      return fail("%s: neither train-images-idx3-ubyte nor folders of pictures named like the "
                  "labels ('%s', …)",
                  root.c_str(), classes.labels[0]);
    Samples samples = empty(static_cast<int64_t>(files.size()));
    Pictures pictures(t_.inputs[0], samples.inputs[0]);
    for (size_t i = 0; i < files.size(); ++i) {
      auto image = read_image(files[i].first);
      if (!image) return tl::unexpected(image.error());
      decode_image(*image, pictures.decoding(), pictures.height(), pictures.width(),
                   pictures.buffer());
      pictures.store(static_cast<int64_t>(i));
      samples.targets[0].as<int64_t>()[i] = files[i].second;
    }
    return samples;
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
    Samples samples = empty(count);
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
      convert(DType::kF64, &value, to.dtype, to.data.data() + (at + k) * bytes_of(to.dtype), 1);
    }
  }

  Found table(bool test) {
    const std::string file = csv(test);
    if (file.empty()) return std::nullopt;
    auto table = CsvTable::read(file, CsvHeader::kYes);
    if (!table) return tl::unexpected(table.error());
    const auto rows = static_cast<int64_t>(table->rows());
    Samples samples = empty(rows);
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
        return fail("%s: '%s' is none of the %lld classes", table.place(row, *column).c_str(),
                    cell.c_str(), static_cast<long long>(port.classes->count));
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
      list.push_back(converted(*tensor, static_cast<DType>(port.dtype)));
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
        return fail("%s: sample %zu has label %lld, but the model has %lld classes", file.c_str(),
                    i, static_cast<long long>(labels[i]),
                    static_cast<long long>(port.classes->count));
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
    return fail("%s: %lld samples to train on, fewer than a batch of %lld", path.c_str(),
                static_cast<long long>(rest), static_cast<long long>(trainer.batch));
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

}  // namespace linnet::runtime::train
