// NumPy's .npy, versions 1.0 to 3.0 (numpy.lib.format): little-endian, C order.
#pragma once

#include "base/io/data_file.h"
#include "base/io/tensor.h"
#include "base/result.h"

namespace linnet {

// Reads <f4 <f8 <f2 <i8 <i4 |i1 |u1 |b1. Refused, with the remedy in the message: other types,
// Fortran order, big-endian, a length that does not fit the shape. `name` begins messages.
[[nodiscard]] Result<Tensor> parse_npy(const std::string& name, std::span<const uint8_t> bytes);
[[nodiscard]] Result<Tensor> read_npy(const std::string& path);

// What the header says, checked against the size of the file; elements begin at byte `begin`.
struct NpyLayout {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  int64_t begin = 0;
};
// `head`: the first bytes of a file of `size`.
[[nodiscard]] Result<NpyLayout> npy_layout(const std::string& name, std::span<const uint8_t> head,
                                           int64_t size);
[[nodiscard]] Result<NpyLayout> npy_layout(const DataFile& file);

// The header for a tensor: version 1.0 (2.0 if it is long), data beginning at a multiple of 64.
// bf16, which NumPy does not know, is written as f32 by write_npy.
[[nodiscard]] std::string npy_header(DType dtype, std::span<const int64_t> shape);
[[nodiscard]] Result<void> write_npy(const std::string& path, const Tensor& tensor);
[[nodiscard]] Result<void> write_npy(const std::string& path, DType dtype,
                                     std::span<const int64_t> shape, const void* data);

}  // namespace linnet
