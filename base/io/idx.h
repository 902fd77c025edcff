// IDX, the format of MNIST's files: big-endian header, then u8 data.
#pragma once

#include "base/io/data_file.h"
#include "base/io/tensor.h"
#include "base/result.h"

namespace linnet {

// A u8 tensor of rank 1 (labels) to 4. Other element types, a length that does not fit and a
// compressed file are refused.
[[nodiscard]] Result<Tensor> parse_idx(const std::string& name, std::span<const uint8_t> bytes);
[[nodiscard]] Result<Tensor> read_idx(const std::string& path);

// What the header says, checked against the size of the file; data begin at byte `begin`.
struct IdxLayout {
  std::vector<int64_t> shape;
  int64_t begin = 0;
};
// `head`: the first bytes of a file of `size`.
[[nodiscard]] Result<IdxLayout> idx_layout(const std::string& name, std::span<const uint8_t> head,
                                           int64_t size);
[[nodiscard]] Result<IdxLayout> idx_layout(const DataFile& file);

// Do the first bytes look like an IDX file?
[[nodiscard]] bool looks_like_idx(std::span<const uint8_t> bytes);

// The file of labels that belongs to a file of images by MNIST's naming
// (t10k-images-idx3-ubyte → t10k-labels-idx1-ubyte, also with dots), or "" if there is no such
// name or no such file.
[[nodiscard]] std::string labels_beside(const std::string& images_path);

}  // namespace linnet
