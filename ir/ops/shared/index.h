// Index arithmetic that the ops' evaluations share.
#pragma once

#include "ir/type.h"

#include <cstdint>
#include <vector>

namespace linnet::ir {

// Counts through all positions of a shape in row-major order:
// `for (Index at(shape); at.valid(); at.next()) … at[d] …`
class Index {
public:
  explicit Index(const Shape& shape) : shape_(shape), at_(shape.size(), 0) {
    for (int64_t size : shape)
      valid_ = valid_ && size > 0;
  }
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] int64_t operator[](size_t dim) const { return at_[dim]; }
  [[nodiscard]] const std::vector<int64_t>& position() const { return at_; }
  void next() {
    for (size_t dim = at_.size(); dim-- > 0;) {
      if (++at_[dim] < shape_[dim]) return;
      at_[dim] = 0;
    }
    valid_ = false;
  }

private:
  Shape shape_;
  std::vector<int64_t> at_;
  bool valid_ = true;
};

// Σ position[d]·strides[d].
[[nodiscard]] inline size_t offset_of(const std::vector<int64_t>& position,
                                      const std::vector<int64_t>& strides) {
  int64_t offset = 0;
  for (size_t dim = 0; dim < position.size(); ++dim)
    offset += position[dim] * strides[dim];
  return static_cast<size_t>(offset);
}

// Strides by which a tensor of shape `from` is read at positions of the broadcast shape `to`:
// row-major, 0 where it is repeated.
[[nodiscard]] inline std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  const std::vector<int64_t> dense = row_major_strides(from);
  std::vector<int64_t> strides(to.size(), 0);
  const size_t offset = to.size() - from.size();
  for (size_t dim = 0; dim < from.size(); ++dim) {
    strides[offset + dim] = from[dim] == 1 ? 0 : dense[dim];
  }
  return strides;
}

}  // namespace linnet::ir
