// Constants as they lie in memory: small ones in the module, the rest in one packed blob.
#pragma once

#include "ir/tensor.h"

#include <cstddef>
#include <map>
#include <vector>

namespace linnet::codegen {

// The elements of `tensor` in the physical layout of `type`; what rounding adds is 0.
[[nodiscard]] std::vector<std::byte> stored_bytes(const ir::Tensor& tensor, const ir::Type& type);

class ConstantPool {
public:
  static constexpr size_t kLargestSmall = 4096;  // bytes that stay in the module
  static constexpr size_t kAlign = 64;

  struct Place {
    bool small = false;
    size_t at = 0;  // index into small(), or offset in the blob
  };

  // Equal contents share a place.
  Place add(const ir::Tensor& tensor, const ir::Type& type);

  [[nodiscard]] const std::vector<std::vector<std::byte>>& small() const { return small_; }
  [[nodiscard]] const std::vector<std::byte>& blob() const { return blob_; }

private:
  std::vector<std::vector<std::byte>> small_;
  std::vector<std::byte> blob_;
  std::map<std::vector<std::byte>, Place> known_;
};

}  // namespace linnet::codegen
