// NAME.npy for each input, and for each target under its output's name.
#include "base/io/file.h"
#include "base/io/npy.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>
#include <cmath>

namespace linnet::runtime::train {
namespace {

// One port's samples in its file.
class Column {
public:
  // Bytes of an input that is an image are pictures, decoded as files are: N × H × W, with channels
  // behind (N × H × W × C) or, where the shape is the model's, before (N × C × H × W).
  static Result<Column> open(const std::string& path, const linnet_port_v1& port) {
    LINNET_TRY_ASSIGN(auto file, DataFile::open(path));
    LINNET_TRY_ASSIGN(auto layout, npy_layout(file));
    Column column(std::move(file), port, std::move(layout));
    column.pictures_ = port.image && column.layout_.dtype == DType::kU8;
    const std::vector<int64_t>& shape = column.layout_.shape;
    const int64_t elements = element_count(shape).value_or(0);
    column.count_ = shape.empty() ? 0 : shape[0];
    if (column.pictures_) LINNET_TRY(column.check_pictures(elements));
    const int64_t each = elements_of(port);
    if (column.count_ < 1 ||
        (!column.pictures_ && (elements % column.count_ != 0 || elements / column.count_ != each)))
      return fail("%s: %s does not hold samples of %lld numbers each; the first dimension counts "
                  "them",
                  path.c_str(), shape_text(shape).c_str(), static_cast<long long>(each));
    column.in_file_ = elements / column.count_;
    return column;
  }

  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] bool may_be_wrong() const {
    return pictures_ ? !pixels_are_finite(*port_->image)
                     : is_float(layout_.dtype) || port_->classes;
  }
  void expect(int64_t first, int64_t count) const {
    file_.expect(layout_.begin + first * bytes_in_file(), count * bytes_in_file());
  }

  Result<void> fill(std::span<const int64_t> which, uint8_t* to) const {
    const auto done = read(which, to);
    LINNET_TRY(file_.check_unchanged());  // else what is wrong with it means nothing
    return done;
  }

private:
  Result<void> read(std::span<const int64_t> which, uint8_t* to) const {
    const int64_t from_bytes = bytes_in_file(), to_bytes = elements_of(*port_) * size_of(dtype());
    const bool same = !pictures_ && layout_.dtype == dtype() && dtype() != DType::kBool;
    const int64_t most = std::max<int64_t>(kReadBytes / std::max<int64_t>(from_bytes, 1), 1);
    std::vector<uint8_t> memory;
    for (size_t at = 0; at < which.size();) {
      const int64_t run = run_from(which, at, most);
      uint8_t* target = to + static_cast<int64_t>(at) * to_bytes;
      if (!same) memory.resize(std::max(memory.size(), static_cast<size_t>(run * from_bytes)));
      uint8_t* bytes = same ? target : memory.data();
      LINNET_TRY(file_.read(layout_.begin + which[at] * from_bytes,
                            {bytes, static_cast<size_t>(run * from_bytes)}));
      if (!same) LINNET_TRY(store(bytes, which[at], run, target));
      LINNET_TRY(check_classes(target, which[at], run));
      at += static_cast<size_t>(run);
    }
    return {};
  }

  Column(DataFile file, const linnet_port_v1& port, NpyLayout layout)
      : file_(std::move(file)), port_(&port), layout_(std::move(layout)) {}

  [[nodiscard]] DType dtype() const { return dtype_of_abi(port_->dtype); }
  [[nodiscard]] int64_t bytes_in_file() const { return in_file_ * size_of(layout_.dtype); }

  Result<void> check_pictures(int64_t elements) {
    const std::vector<int64_t>& shape = layout_.shape;
    const int64_t wanted = port_->image->color == 0 ? 1 : 3;
    planes_ = shape.size() == 4 && shape[1] == wanted && shape[2] == port_->image->height &&
              shape[3] == port_->image->width;
    channels_ = shape.size() == 3 ? 1 : planes_ ? wanted : shape.empty() ? 0 : shape.back();
    if ((shape.size() != 3 && shape.size() != 4) || elements == 0 || channels_ > 4)
      return fail("%s: pictures [N, height, width] or [N, height, width, channels] are expected of "
                  "uint8 numbers, not %s",
                  file_.path().c_str(), shape_text(shape).c_str());
    height_ = shape[planes_ ? 2 : 1];
    width_ = shape[planes_ ? 3 : 2];
    return check_picture_size(file_.path(), height_, width_);
  }

  // Samples first … first + count − 1 as they were read, in the port's type.
  Result<void> store(const uint8_t* read, int64_t first, int64_t count, uint8_t* to) const {
    if (!pictures_) {
      LINNET_TRY(check_whole(read, first, count));
      convert(layout_.dtype, read, dtype(), to, count * in_file_);
      return {};
    }
    PictureDecoder decoder(*port_, dtype(), to);
    const int64_t pixels = height_ * width_;
    std::vector<uint8_t> rows(static_cast<size_t>(planes_ ? in_file_ : 0));
    for (int64_t i = 0; i < count; ++i) {
      const uint8_t* from = read + i * in_file_;
      for (int64_t k = 0; planes_ && k < in_file_; ++k)
        rows[static_cast<size_t>(k)] = from[k % channels_ * pixels + k / channels_];
      decoder.pixels(i, planes_ ? rows.data() : from, static_cast<int>(height_),
                     static_cast<int>(width_), static_cast<int>(channels_));
    }
    return {};
  }

  // Floats that stand for integers are whole, and 64 bits hold them.
  Result<void> check_whole(const uint8_t* read, int64_t first, int64_t count) const {
    if (is_float(dtype()) || !is_float(layout_.dtype)) return {};
    for (int64_t i = 0; i < count * in_file_; ++i) {
      double number = 0;
      convert(layout_.dtype, read + i * size_of(layout_.dtype), DType::kF64, &number, 1);
      if (std::fabs(number) < 0x1p53 && number == std::trunc(number)) continue;
      return fail("%s: number %lld is %g, but '%s' takes whole numbers", file_.path().c_str(),
                  static_cast<long long>(first * in_file_ + i), number, port_->name);
    }
    return {};
  }

  Result<void> check_classes(const uint8_t* data, int64_t first, int64_t count) const {
    if (!port_->classes || dtype() != DType::kI64) return {};
    const std::span labels(reinterpret_cast<const int64_t*>(data),
                           static_cast<size_t>(count * in_file_));
    for (size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0 || labels[i] >= port_->classes->count)
        return fail("%s: sample %lld has label %lld, but the model has %lld classes: 0 to %lld "
                    "(%s)",
                    file_.path().c_str(),
                    static_cast<long long>(first * in_file_ + static_cast<int64_t>(i)),
                    static_cast<long long>(labels[i]),
                    static_cast<long long>(port_->classes->count),
                    static_cast<long long>(port_->classes->count - 1),
                    quoted_list(port_->classes->labels, port_->classes->count).c_str());
    }
    return {};
  }

  DataFile file_;
  const linnet_port_v1* port_;
  NpyLayout layout_;
  int64_t count_ = 0, in_file_ = 0;  // samples; elements of each in the file
  bool pictures_ = false;
  bool planes_ = false;  // channels before rows
  int64_t channels_ = 0, height_ = 0, width_ = 0;
};

class Columns final : public Source {
public:
  explicit Columns(std::vector<Column> columns) : columns_(std::move(columns)) {}
  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (to[i]) LINNET_TRY(columns_[i].fill(which, to[i]));
    }
    return {};
  }
  void expect(int64_t first, int64_t count) const override {
    for (const Column& column : columns_)
      column.expect(first, count);
  }
  bool may_be_wrong(size_t port) const override { return columns_[port].may_be_wrong(); }
  bool in_a_row() const override { return true; }

private:
  std::vector<Column> columns_;
};

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
  std::vector<Column> columns;
  const auto open = [&](const linnet_port_v1& port) -> Result<void> {
    const std::string file = folder + "/" + port.name + ".npy";
    LINNET_TRY(check_scale(file, port));
    LINNET_TRY_ASSIGN(auto column, Column::open(file, port));
    if (!columns.empty() && columns[0].count() != column.count())
      return fail("%s: %lld samples, but other files hold %lld", file.c_str(),
                  static_cast<long long>(column.count()),
                  static_cast<long long>(columns[0].count()));
    columns.push_back(std::move(column));
    return {};
  };
  for (int64_t i = 0; i < t.input_count; ++i)
    LINNET_TRY(open(t.inputs[i]));
  for (int64_t i = 0; i < t.target_count; ++i)
    LINNET_TRY(open(t.targets[i]));
  const int64_t count = columns[0].count();
  return samples_of(t, count, std::make_shared<const Columns>(std::move(columns)));
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
