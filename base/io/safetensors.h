// safetensors: named tensors in one file, https://github.com/huggingface/safetensors. A file may
// come from anywhere, so everything in it is checked before it is believed.
#pragma once

#include "base/io/tensor.h"
#include "base/result.h"

#include <utility>

namespace linnet {

using Metadata = std::vector<std::pair<std::string, std::string>>;

class Safetensors {
public:
  struct Entry {
    std::string name;
    DType dtype = DType::kF32;
    std::vector<int64_t> shape;
    uint64_t begin = 0;  // in bytes of the data section
    uint64_t end = 0;
  };

  // F32 F64 F16 BF16 I64 I32 I8 U8 BOOL. Refused: a header longer than the file or 100 MB, JSON
  // that is not exactly the format's, duplicate names, offsets that overlap, leave holes or do
  // not fit shape and type, bad UTF-8. `name` begins messages.
  [[nodiscard]] static Result<Safetensors> parse(const std::string& name,
                                                 std::vector<uint8_t> bytes);
  [[nodiscard]] static Result<Safetensors> read(const std::string& path);

  // Sorted by name.
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const Metadata& metadata() const { return metadata_; }  // sorted by key
  [[nodiscard]] const Entry* find(std::string_view name) const;         // null if absent
  // May be unaligned: read through convert() or memcpy.
  [[nodiscard]] std::span<const uint8_t> bytes(const Entry& entry) const;
  [[nodiscard]] Tensor tensor(const Entry& entry) const;
  [[nodiscard]] Tensor tensor_as(const Entry& entry, DType dtype) const;

private:
  std::vector<uint8_t> bytes_;
  uint64_t data_begin_ = 0;
  std::vector<Entry> entries_;
  Metadata metadata_;
};

// A tensor to write; `data` holds byte_count(dtype, shape) bytes.
struct NamedTensor {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  const void* data = nullptr;
};

// Writes the same bytes for the same tensors in any order: wide types first (so that each is
// aligned to its size), then by name, as the Python package does; metadata sorted by key; the
// header padded with spaces to a multiple of 8.
[[nodiscard]] Result<void> write_safetensors(const std::string& path,
                                             std::vector<NamedTensor> tensors,
                                             Metadata metadata = {});

}  // namespace linnet
