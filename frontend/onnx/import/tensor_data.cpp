// TensorProto → ir::Tensor: eight places where the elements may stand.
#include "frontend/onnx/import/model_file.h"

#include "base/integers.h"
#include "base/io/file.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <fcntl.h>

namespace linnet::frontend {
namespace {

using Proto = ::onnx::TensorProto;

tl::unexpected<TensorFault> fault(std::string message, Status status = Status::kBadInput) {
  return tl::unexpected(TensorFault{std::move(message), status});
}

// Elements of a field, each stored as T.
template <class T, class Field>
Result<ir::Tensor, TensorFault> from_field(const ir::Type& type, const Field& field) {
  if (static_cast<int64_t>(field.size()) != type.elements()) {
    return fault(
        fmt::format("{} elements are given for shape {}", field.size(), ir::to_string(type.shape)));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(field.size()) * sizeof(T));
  for (int i = 0; i < field.size(); ++i) {
    const T value = static_cast<T>(field.Get(i));
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
  }
  return ir::Tensor(type, std::move(bytes));
}

Result<ir::Tensor, TensorFault> from_bytes(const ir::Type& type, const void* data, size_t size) {
  const int64_t wanted = type.elements() * ir::size_of(type.dtype);
  if (static_cast<int64_t>(size) != wanted) {
    return fault(
        fmt::format("{} bytes of data for {}, which has {}", size, to_string(type), wanted));
  }
  std::vector<std::byte> bytes(size);
  if (size != 0) std::memcpy(bytes.data(), data, size);
  if (type.dtype == ir::DType::kBool) {
    for (std::byte& byte : bytes)
      byte = std::byte(byte != std::byte(0));
  }
  return ir::Tensor(type, std::move(bytes));
}

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return ::realpath(path.c_str(), resolved) ? resolved : "";
}

std::optional<int64_t> number(const std::string& text) {
  int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// Only a plain file below the model's folder is read: not by an absolute path or "..", not through
// a symbolic link, not one that is also known elsewhere (a hard link).
Result<ir::Tensor, TensorFault> from_file(const ir::Type& type, const Proto& proto,
                                          const std::string& folder) {
  std::string location;
  int64_t offset = 0, length = -1;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() != "offset" && entry.key() != "length") continue;
    const auto value = number(entry.value());
    if (!value)
      return fault(fmt::format("external data: {} '{}' is no size", entry.key(), entry.value()));
    (entry.key() == "offset" ? offset : length) = *value;
  }
  if (location.empty() || location.find('\0') != std::string::npos)
    return fault("external data without a location that could be a file's name");
  const std::string path = folder + location;
  const std::string base = real_path(folder.empty() ? "." : folder);
  const auto outside = [&](std::string_view how) {
    return fault(fmt::format("external data '{}' {}: only files in the model's folder are read",
                             location, how));
  };
  if (location.front() == '/' || ("/" + location + "/").find("/../") != std::string::npos)
    return outside("leads out of the folder");
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0)
    return fault(fmt::format("external data '{}': no such file beside the model", location));
  if (S_ISLNK(status.st_mode)) return outside("is a symbolic link");
  if (!S_ISREG(status.st_mode)) return outside("is no plain file");
  if (status.st_nlink > 1) return outside("is a hard link to a file that has another name too");
  if (!real_path(path).starts_with(base == "/" ? base : base + "/"))
    return outside("leads out of the folder");
  const int64_t size = type.elements() * ir::size_of(type.dtype);
  if (length < 0) length = size;
  const auto end = checked_add(offset, length);
  if (!end || *end > status.st_size) {
    return fault(fmt::format("external data '{}' has {} bytes, {} from {} on are wanted", location,
                             static_cast<int64_t>(status.st_size), length, offset));
  }
  if (length != size) {
    return fault(fmt::format("external data '{}': {} bytes for {}, which has {}", location, length,
                             to_string(type), size));
  }
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (file < 0) return fault(fmt::format("external data '{}': cannot be read", location));
  std::vector<uint8_t> bytes(static_cast<size_t>(length));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file, bytes.data() + done, bytes.size() - done,
                                static_cast<off_t>(offset + static_cast<int64_t>(done)));
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  ::close(file);
  if (done != bytes.size()) return fault(fmt::format("external data '{}': cut short", location));
  return from_bytes(type, bytes.data(), bytes.size());
}

}  // namespace

std::optional<ir::DType> dtype_of(int32_t data_type) {
  switch (data_type) {
  case Proto::FLOAT:
  case Proto::FLOAT16:  // taken and computed as f32
  case Proto::BFLOAT16:
    return ir::DType::kF32;
  case Proto::DOUBLE:
    return ir::DType::kF64;
  case Proto::INT64:
    return ir::DType::kI64;
  case Proto::INT32:
    return ir::DType::kI32;
  case Proto::INT8:
    return ir::DType::kI8;
  case Proto::UINT8:
    return ir::DType::kU8;
  case Proto::BOOL:
    return ir::DType::kBool;
  default:
    return std::nullopt;
  }
}

bool is_half(int32_t data_type) {
  return data_type == Proto::FLOAT16 || data_type == Proto::BFLOAT16;
}

bool is_data_type(int32_t data_type) {
  return Proto::DataType_IsValid(data_type) && data_type != Proto::UNDEFINED;
}

std::string data_type_name(int32_t data_type) {
  return Proto::DataType_IsValid(data_type)
             ? Proto::DataType_Name(static_cast<Proto::DataType>(data_type))
             : fmt::format("data type {}", data_type);
}

Result<ir::Type, TensorFault> type_of(const Proto& proto) {
  if (!is_data_type(proto.data_type()))
    return fault(fmt::format("its data type {} does not exist", proto.data_type()));
  const auto dtype = dtype_of(proto.data_type());
  if (!dtype) {
    return fault(fmt::format("{} elements are not supported", data_type_name(proto.data_type())),
                 Status::kUnsupported);
  }
  ir::Type type{*dtype, {proto.dims().begin(), proto.dims().end()}, {}};
  if (!ir::valid(type.shape, type.dtype)) {
    return fault(fmt::format("shape {} is not possible: sizes are 0 or more, of at most {} "
                             "dimensions and {} bytes",
                             ir::to_string(type.shape), ir::kMaxRank, ir::kMaxBytes));
  }
  return type;
}

namespace {

// The elements as they are stored.
Result<ir::Tensor, TensorFault> read_stored(const ir::Type& type, const Proto& proto,
                                            const std::string& folder) {
  if (proto.has_segment())
    return fault("tensors in segments are not supported", Status::kUnsupported);
  if (proto.data_location() == Proto::EXTERNAL) return from_file(type, proto, folder);
  if (proto.has_raw_data())
    return from_bytes(type, proto.raw_data().data(), proto.raw_data().size());
  switch (type.dtype) {
  case ir::DType::kF32:
    return from_field<float>(type, proto.float_data());
  case ir::DType::kF64:
    return from_field<double>(type, proto.double_data());
  case ir::DType::kI64:
    return from_field<int64_t>(type, proto.int64_data());
  case ir::DType::kI32:
    return from_field<int32_t>(type, proto.int32_data());
  case ir::DType::kI8:
    return from_field<int8_t>(type, proto.int32_data());
  case ir::DType::kBool:
    return from_field<bool>(type, proto.int32_data());
  case ir::DType::kF16:
  case ir::DType::kBF16:  // bits
    return from_field<uint16_t>(type, proto.int32_data());
  default:
    return from_field<uint8_t>(type, proto.int32_data());
  }
}

}  // namespace

Result<ir::Tensor, TensorFault> read_tensor(const Proto& proto, const std::string& folder) {
  LINNET_TRY_ASSIGN(const auto type, type_of(proto));
  if (!is_half(proto.data_type())) return read_stored(type, proto, folder);
  ir::Type stored = type;
  stored.dtype = proto.data_type() == Proto::FLOAT16 ? ir::DType::kF16 : ir::DType::kBF16;
  LINNET_TRY_ASSIGN(const auto tensor, read_stored(stored, proto, folder));
  return ir::Tensor::from_doubles(type, tensor.as_doubles());
}

}  // namespace linnet::frontend
