// What `data` declares about a port, as readers need it.
#pragma once

#include "base/io/image.h"
#include "base/io/tensor.h"

#include "base/abi/model.h"

namespace linnet::runtime {

// Elements of one sample.
[[nodiscard]] int64_t elements_of(const linnet_port_v1& port);

[[nodiscard]] ImageDecoding decoding_of(const linnet_image_v1& image);

// What the model sees of a number of a series or a table, and back: in double, rounded to the
// model's type by whoever stores it.
[[nodiscard]] inline double scaled(double value, double mean, double deviation) {
  return (value - mean) / deviation;
}
[[nodiscard]] inline double unscaled(double value, double mean, double deviation) {
  return value * deviation + mean;
}

// .png, .jpg or .jpeg, in any case?
[[nodiscard]] bool is_picture(const std::string& path);

}  // namespace linnet::runtime
