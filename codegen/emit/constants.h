// Constants as they lie in memory: small ones in the module, the rest in one packed blob.
#pragma once

#include "base/memory.h"
#include "codegen/object/target.h"
#include "ir/tensor.h"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace linnet::codegen {

// The elements of `tensor` in the physical layout of `type`; what rounding adds is 0.
[[nodiscard]] std::vector<std::byte> stored_bytes(const ir::Tensor& tensor, const ir::Type& type);
// Which element, counted from 1 on, lies in each place of that layout; 0: none.
[[nodiscard]] std::vector<int64_t> stored_numbers(ir::Type type);
// The other way: the elements stored at `data`, whose numbers are those of `type`.
[[nodiscard]] ir::Tensor logical_tensor(const std::byte* data, const std::vector<int64_t>& numbers,
                                        const ir::Type& type);

class ConstantPool {
public:
  static constexpr size_t kLargestSmall = 4096;  // bytes that stay in the module
  static constexpr size_t kAlign = linnet::kAlign;

  struct Place {
    bool small = false;
    size_t at = 0;  // index into small(), or offset in the blob
  };

  // Equal contents share a place. The tensor must outlive the pool.
  Place add(const ir::Tensor& tensor, const ir::Type& type);

  [[nodiscard]] const std::vector<std::vector<std::byte>>& small() const { return small_; }
  // Leaves the pool without one: a blob may be most of the memory there is.
  [[nodiscard]] std::vector<std::byte> take_blob() { return std::move(blob_); }

private:
  std::vector<std::vector<std::byte>> small_;
  std::vector<std::byte> blob_;
  // Places of tensors that were added, by their bytes and the type they are stored as.
  std::map<std::pair<const std::byte*, std::string>, Place> added_;
  // Places by the hash of what is stored there and its size.
  std::multimap<std::pair<size_t, size_t>, Place> stored_;
};

// An object file with `blob` as the hidden symbol `name`: the bytes go in as they are.
[[nodiscard]] std::vector<std::byte>
constants_object(std::vector<std::byte> blob, const std::string& name, const Target& target);

}  // namespace linnet::codegen
