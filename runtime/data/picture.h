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

// Writes channels × height × width elements a sample to `to`, numbers of `dtype`, a float type,
// with room for every sample. In f32 the arithmetic is io/image.h's; in f64 values are scaled in
// f64, so that no bit of them is f32's. Port and memory outlive the decoder.
class PictureDecoder {
public:
  PictureDecoder(const linnet_port_v1& port, DType dtype, void* to);

  // Sample `i` from 8-bit pixels, rows from the top, channels interleaved.
  void pixels(int64_t i, const uint8_t* data, int height, int width, int channels);
  void image(int64_t i, const Image& image);

private:
  void store(int64_t i);

  const linnet_port_v1& port_;
  DType dtype_;
  uint8_t* to_;
  ImageDecoding decoding_;
  std::vector<float> decoded_;
};

// Fails if pictures of a file without compression are larger than others may be, or empty.
[[nodiscard]] Result<void> check_picture_size(const std::string& path, int64_t height,
                                              int64_t width);

// Is what becomes of every pixel a finite number?
[[nodiscard]] bool pixels_are_finite(const linnet_image_v1& image);

}  // namespace linnet::runtime
