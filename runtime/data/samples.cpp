// Sets of samples: which reader reads them, what is set apart, what is not a number.
#include "runtime/data/samples.h"

#include "base/io/file.h"
#include "base/philox.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"
#include "runtime/data/scales.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace linnet::runtime::train {
namespace {

constexpr uint32_t kSplitStream = 0xFFFFFFFE;

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

}  // namespace

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
  Part part{.trainer = trainer, .path = path, .validation = validation};
  LINNET_TRY_ASSIGN(auto read, reader_of(trainer, path).read(part));
  Samples all = std::move(*read);
  LINNET_TRY(check_finite(trainer, all));
  DataSet data;
  data.scales = part.scales;
  const int64_t apart = part.apart_of(all.count);
  const int64_t rest = all.count - apart - part.overlap;
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
  Part part{.trainer = trainer, .path = path, .test = true, .scales = scales};
  auto read = reader_of(trainer, path).read(part);
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
  LINNET_TRY(check_finite(trainer, samples));
  return samples;
}

}  // namespace linnet::runtime::train
