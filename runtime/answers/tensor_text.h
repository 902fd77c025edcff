// Tensors as people read them, as NumPy prints arrays, and as JSON.
#pragma once

#include "base/abi/model.h"
#include "base/io/tensor.h"

#include <span>
#include <string>

namespace linnet::runtime {

// Name, type and shape, then the values in aligned columns, lines of at most 80; beyond 1000
// elements the first and last three along each dimension. Numbers have at most 6 decimals, or
// exponents where all are below 0.001 or one is 1e8 or more. With `classes` (of the last
// dimension; may be null) follows the largest of each row with its label and probability.
[[nodiscard]] std::string tensor_text(const std::string& name, const Tensor& tensor,
                                      const linnet_classes_v1* classes);

// {"NAME":{"dtype":"f32","shape":[1,2],"values":[[0.5,1]]}}, nested as the shape; for classes also
// "argmax" and "labels", one for each row. Values read back to the same bits.
class TensorsJson {
public:
  void add(const std::string& name, const Tensor& tensor, const linnet_classes_v1* classes);
  [[nodiscard]] std::string text() const { return "{" + text_ + "}\n"; }

private:
  std::string text_;
};

}  // namespace linnet::runtime
