// Pictures of any size decoded into the samples of a port that declares image(…).
#pragma once

#include "base/io/image.h"
#include "base/io/tensor.h"

#include "base/abi/model.h"
#include "runtime/data/labels.h"
#include "runtime/data/ports.h"

#include <vector>

namespace linnet::runtime {

// What folders of pictures are searched for.
inline constexpr FileKind kPictures = {is_picture, "PNG or JPEG picture"};

// Writes channels × height × width elements a sample into `to`, which has the port's float type and
// room for every sample. In f32 the arithmetic is io/image.h's; in f64 values are scaled in f64, so
// that no bit of them is f32's. Port and tensor outlive the decoder.
class PictureDecoder {
public:
  PictureDecoder(const linnet_port_v1& port, Tensor& to);

  // Sample `i` from 8-bit pixels, rows from the top, channels interleaved.
  void pixels(int64_t i, const uint8_t* data, int height, int width, int channels);
  void image(int64_t i, const Image& image);

private:
  void store(int64_t i);

  const linnet_port_v1& port_;
  Tensor& to_;
  ImageDecoding decoding_;
  std::vector<float> decoded_;
};

}  // namespace linnet::runtime
