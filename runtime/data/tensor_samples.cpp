// NAME.npy for each input, and for each target under its output's name.
#include "base/io/file.h"
#include "base/io/npy.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <cmath>

namespace linnet::runtime::train {
namespace {

// Floats that stand for integers are whole, and 64 bits hold them.
Result<void> check_whole(const std::string& file, const linnet_port_v1& port,
                         const Tensor& tensor) {
  if (is_float(dtype_of_abi(port.dtype)) || !is_float(tensor.dtype)) return {};
  const Tensor wide = converted(tensor, DType::kF64);
  const auto numbers = wide.as<double>();
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (std::fabs(numbers[i]) < 0x1p53 && numbers[i] == std::trunc(numbers[i])) continue;
    return fail("%s: number %zu is %g, but '%s' takes whole numbers", file.c_str(), i, numbers[i],
                port.name);
  }
  return {};
}

Result<void> check_classes(const std::string& file, const linnet_port_v1& port,
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

// Bytes of an input that is an image are pictures, decoded as files are: N × H × W, with channels
// behind (N × H × W × C) or, where the shape is the model's, before (N × C × H × W).
Result<Tensor> pictures(const std::string& file, const linnet_port_v1& port, const Tensor& given) {
  const std::vector<int64_t>& shape = given.shape;
  const int64_t wanted = port.image->color == 0 ? 1 : 3;
  const bool planes = shape.size() == 4 && shape[1] == wanted && shape[2] == port.image->height &&
                      shape[3] == port.image->width;
  const int64_t channels = shape.size() == 3 ? 1 : planes ? shape[1] : shape.back();
  if ((shape.size() != 3 && shape.size() != 4) || given.elements() == 0 || channels > 4)
    return fail("%s: pictures [N, height, width] or [N, height, width, channels] are expected of "
                "uint8 numbers, not %s",
                file.c_str(), shape_text(shape).c_str());
  const int64_t height = shape[planes ? 2 : 1], width = shape[planes ? 3 : 2];
  std::vector<int64_t> result{shape[0], elements_of(port)};
  Tensor to = make_tensor(dtype_of_abi(port.dtype), std::move(result));
  PictureDecoder decoder(port, to);
  const int64_t pixels = height * width;
  std::vector<uint8_t> rows(static_cast<size_t>(pixels * channels));
  for (int64_t i = 0; i < shape[0]; ++i) {
    const uint8_t* from = given.data.data() + i * pixels * channels;
    for (int64_t k = 0; planes && k < pixels * channels; ++k)
      rows[static_cast<size_t>(k)] = from[k % channels * pixels + k / channels];
    decoder.pixels(i, planes ? rows.data() : from, static_cast<int>(height),
                   static_cast<int>(width), static_cast<int>(channels));
  }
  return to;
}

// Of a series only its file says what is learnt of it.
Result<void> check_scale(const std::string& file, const linnet_port_v1& port) {
  if (!port.series || !port.series->learn) return {};
  return fail("%s: '%s' is a series with scale: standard, which is learnt from a CSV file",
              file.c_str(), port.name);
}

bool reads(const linnet_trainer_v1&) {
  return true;
}

Found read(Part& part) {
  const std::string folder = part.test ? part.path + "/test" : part.path;
  if (part.test && !is_folder(folder)) return std::nullopt;
  const linnet_trainer_v1& t = part.trainer;
  if (file_exists(folder) && !is_folder(folder))
    return fail("%s: not a folder of %s.npy, and no data block says what else '%s' is",
                folder.c_str(), t.inputs[0].name, t.inputs[0].name);
  Samples samples;
  samples.count = -1;
  const auto read = [&](const linnet_port_v1& port, std::vector<Tensor>& list) -> Result<void> {
    const std::string file = folder + "/" + port.name + ".npy";
    LINNET_TRY(check_scale(file, port));
    LINNET_TRY_ASSIGN(auto tensor, read_npy(file));
    if (port.image && tensor.dtype == DType::kU8) {
      LINNET_TRY_ASSIGN(tensor, pictures(file, port, tensor));
    }
    const int64_t each = elements_of(port);
    const int64_t count = tensor.shape.empty() ? 0 : tensor.shape[0];
    if (tensor.elements() != count * each || count < 1)
      return fail("%s: %s does not hold samples of %lld numbers each; the first dimension counts "
                  "them",
                  file.c_str(), shape_text(tensor.shape).c_str(), static_cast<long long>(each));
    if (samples.count >= 0 && samples.count != count)
      return fail("%s: %lld samples, but other files hold %lld", file.c_str(),
                  static_cast<long long>(count), static_cast<long long>(samples.count));
    samples.count = count;
    LINNET_TRY(check_whole(file, port, tensor));
    list.push_back(converted(tensor, dtype_of_abi(port.dtype)));
    return check_classes(file, port, list.back());
  };
  for (int64_t i = 0; i < t.input_count; ++i)
    LINNET_TRY(read(t.inputs[i], samples.inputs));
  for (int64_t i = 0; i < t.target_count; ++i)
    LINNET_TRY(read(t.targets[i], samples.targets));
  return samples;
}

}  // namespace

Reader readers::tensor() {
  Reader reader;
  reader.reads = reads;
  reader.read = read;
  reader.any = true;
  reader.evaluates = "a folder with NAME.npy of each input and output";
  return reader;
}

}  // namespace linnet::runtime::train
