// Sets of samples: which reader reads them, what is set apart, what is not a number.
#include "runtime/data/samples.h"

#include "base/io/file.h"
#include "runtime/data/held.h"
#include "runtime/data/order.h"
#include "runtime/data/parts.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"
#include "runtime/data/scales.h"

#include <algorithm>
#include <cmath>

namespace linnet::runtime::train {
namespace {

template <class T> int64_t first_not_finite(const uint8_t* data, int64_t count) {
  const T* values = reinterpret_cast<const T*>(data);
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i])) return i;
  }
  return -1;
}

// Reads all samples once. A number that is not finite is an error, since it makes all that follow
// so; classes that no sample has are noted.
Result<void> examine(const linnet_trainer_v1& trainer, Samples& samples) {
  const size_t ports = samples.bytes.size();
  std::vector<char> wanted(ports, false);
  std::vector<std::vector<char>> seen(ports);
  for (size_t i = 0; i < ports; ++i) {
    const linnet_port_v1& port = port_of(trainer, i);
    const bool classes =
        i >= static_cast<size_t>(trainer.input_count) && port.classes && port.dtype == LINNET_I64;
    if (classes) seen[i].resize(static_cast<size_t>(port.classes->count));
    wanted[i] = classes || samples.source->may_be_wrong(i);
  }
  LINNET_TRY(for_each_part(
      samples, wanted,
      [&](int64_t first, int64_t number, std::span<uint8_t* const> data) -> Result<void> {
        for (size_t i = 0; i < ports; ++i) {
          if (!wanted[i]) continue;
          const linnet_port_v1& port = port_of(trainer, i);
          const int64_t each = elements_of(port);
          int64_t bad = -1;
          if (port.dtype == LINNET_F32) bad = first_not_finite<float>(data[i], number * each);
          if (port.dtype == LINNET_F64) bad = first_not_finite<double>(data[i], number * each);
          if (bad >= 0)
            return fail("sample %lld of '%s' is not finite",
                        static_cast<long long>(samples.number_of(first + bad / each)), port.name);
          for (int64_t k = 0; !seen[i].empty() && k < number * each; ++k)
            seen[i][static_cast<size_t>(reinterpret_cast<const int64_t*>(data[i])[k])] = true;
        }
        return {};
      }));
  samples.absent.clear();
  for (size_t i = 0; i < ports; ++i) {
    for (size_t label = 0; label < seen[i].size(); ++label) {
      if (!seen[i][label]) samples.absent.emplace_back(port_of(trainer, i).classes->labels[label]);
    }
  }
  return {};
}

// The samples of these runs.
Samples chosen(const Samples& from, std::vector<Samples::Run> runs) {
  Samples to = from;
  to.count = runs.empty() ? 0 : runs.back().at + runs.back().number;
  to.runs = std::move(runs);
  return to;
}

}  // namespace

void Fault::set(Error error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
}

Result<void> Fault::check() const {
  const std::lock_guard lock(mutex_);
  if (error_) return tl::unexpected(*error_);
  return {};
}

Result<void> Samples::fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const {
  std::vector<int64_t> numbers;
  if (!runs.empty()) {
    numbers.reserve(which.size());
    for (const int64_t sample : which)
      numbers.push_back(number_of(sample));
    which = numbers;
  }
  auto done = source->fill(which, to);
  if (!done) fault->set(done.error());
  return done;
}

int64_t Samples::number_of(int64_t sample) const {
  if (runs.empty()) return sample;
  const Run& run = *(std::ranges::upper_bound(runs, sample, {}, &Run::at) - 1);
  return run.first + (sample - run.at);
}

void Samples::expect(int64_t first, int64_t number) const {
  if (runs.empty()) return source->expect(first, number);
  auto run = std::ranges::upper_bound(runs, first, {}, &Run::at) - 1;
  for (; run != runs.end() && run->at < first + number; ++run) {
    const int64_t skipped = std::max<int64_t>(first - run->at, 0);
    source->expect(run->first + skipped, std::min(run->number, first + number - run->at) - skipped);
  }
}

int64_t Samples::bytes_of_sample() const {
  int64_t sum = 0;
  for (const int64_t each : bytes)
    sum += each;
  return sum;
}

Reader reader_of(const linnet_trainer_v1& trainer) {
#define LINNET_DATA(name)
#define LINNET_READER(name)                                                                        \
  if (const Reader reader = readers::name(); reader.reads(trainer)) return reader;
#include "base/abi/data.def"
#undef LINNET_READER
#undef LINNET_DATA
  return readers::tensor();
}

Reader reader_of(const linnet_model_v1& model) {
  linnet_trainer_v1 inputs{};
  inputs.input_count = model.input_count;
  inputs.inputs = model.inputs;
  return reader_of(inputs);
}

Reader reader_of(const linnet_trainer_v1& trainer, const std::string& path) {
  for (const char* part : {"/", "/test/"}) {
    if (file_exists(path + part + trainer.inputs[0].name + ".npy")) return readers::tensor();
  }
  return reader_of(trainer);
}

std::string csv_of(const Part& part) {
  if (!is_folder(part.path)) return part.test ? "" : part.path;
  const std::string file = part.path + (part.test ? "/test.csv" : "/train.csv");
  return part.test && !file_exists(file) ? "" : file;
}

Samples samples_of(const linnet_trainer_v1& trainer, int64_t count,
                   std::shared_ptr<const Source> source) {
  Samples samples;
  samples.count = count;
  samples.source = std::move(source);
  for (size_t i = 0; i < port_count(trainer); ++i) {
    const linnet_port_v1& port = port_of(trainer, i);
    samples.bytes.push_back(elements_of(port) * size_of(dtype_of_abi(port.dtype)));
  }
  return samples;
}

namespace {

// Chooses the samples of training and of validation, which are `apart` of all.
void divide(const linnet_trainer_v1& trainer, const Samples& all, const Part& part, uint64_t seed,
            DataSet& data) {
  const int64_t apart = part.apart_of(all.count);
  if (apart == 0) {
    data.train = all;
    return;
  }
  if (trainer.recipe.chronological) {
    data.train = chosen(all, {{0, 0, all.count - apart - part.overlap}});
    data.validation = chosen(all, {{0, all.count - apart, apart}});
    return;
  }
  const int64_t block = shuffle_block(all.count, all.bytes_of_sample(), all.source->in_a_row());
  Split parts = split(all.count, apart, block, seed);
  data.train = chosen(all, std::move(parts.rest));
  data.validation = chosen(all, std::move(parts.apart));
}

// Fits in so many bytes?
bool fits(const Samples& samples, int64_t memory) {
  const int64_t each = samples.bytes_of_sample();
  return each == 0 || samples.count <= memory / each;
}

}  // namespace

Result<DataSet> read_training(const linnet_trainer_v1& trainer, const std::string& path,
                              const ReadOptions& options) {
  Part part{.trainer = trainer, .path = path, .validation = options.validation};
  LINNET_TRY_ASSIGN(auto read, reader_of(trainer, path).read(part));
  Samples& all = *read;
  const int64_t rest = all.count - part.apart_of(all.count) - part.overlap;
  if (rest < trainer.batch)
    return fail("%s: %lld samples to train on, fewer than a batch of %lld; make it smaller in the "
                "train block, or by linnet train --batch",
                path.c_str(), static_cast<long long>(rest), static_cast<long long>(trainer.batch));
  DataSet data;
  divide(trainer, all, part, options.seed, data);
  const auto parts = [&](const auto& use) -> Result<void> {
    LINNET_TRY(use(data.train));
    return data.validation ? use(*data.validation) : Result<void>();
  };
  const auto read_from = [&](const std::shared_ptr<const Source>& source) {
    data.train.source = source;
    if (data.validation) data.validation->source = source;
  };
  std::shared_ptr<Held> held;
  if (fits(all, options.memory)) {
    LINNET_TRY_ASSIGN(held, Held::read(all));
    read_from(held);
  }
  LINNET_TRY(parts([&](Samples& samples) {
    samples.held = held != nullptr;
    return examine(trainer, samples);
  }));
  LINNET_TRY_ASSIGN(data.scales, learn_tables(trainer, data.train));
  const auto scales = of_tables(trainer, data.scales);
  if (held)
    held->apply(scales);
  else if (!scales.empty())
    read_from(scaled(all.source, scales));
  data.scales.insert(data.scales.begin(), part.scales.begin(), part.scales.end());
  return data;
}

Result<std::optional<Samples>> read_test(const linnet_trainer_v1& trainer, const std::string& path,
                                         const std::vector<Scale>& scales) {
  Part part{.trainer = trainer, .path = path, .test = true, .scales = scales};
  auto read = reader_of(trainer, path).read(part);
  if (!read || !*read) return read;
  Samples& samples = **read;
  if (samples.count == 0) return fail("%s: there is no test sample in it", path.c_str());
  LINNET_TRY(examine(trainer, samples));
  if (const auto tables = of_tables(trainer, scales); !tables.empty())
    samples.source = scaled(samples.source, tables);
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
  const Reader reader = reader_of(trainer, path);
  Part part{.trainer = trainer, .path = path, .test = true};
  LINNET_TRY_ASSIGN(auto found, (reader.read_whole ? reader.read_whole : reader.read)(part));
  if (!found && reader.one_file && is_folder(path))
    return fail("%s: there is no test.csv in it; name the CSV file", path.c_str());
  if (!found) {
    part.test = false;
    LINNET_TRY_ASSIGN(found, reader.read(part));
  }
  Samples samples = std::move(*found);
  if (samples.count == 0) return fail("%s: there is no sample in it", path.c_str());
  LINNET_TRY(examine(trainer, samples));
  return samples;
}

}  // namespace linnet::runtime::train
