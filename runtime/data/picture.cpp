// Decodes pictures for one port, in f32 or f64.
#include "runtime/data/picture.h"

#include "runtime/data/ports.h"

#include <cmath>
#include <cstring>

namespace linnet::runtime {

PictureDecoder::PictureDecoder(const linnet_port_v1& port, DType dtype, void* to)
    : port_(port), dtype_(dtype), to_(static_cast<uint8_t*>(to)),
      decoding_(decoding_of(*port.image)), decoded_(static_cast<size_t>(elements_of(port))) {
  if (dtype != DType::kF64) return;
  const bool invert = decoding_.invert;
  decoding_ = {.color = decoding_.color, .resize = decoding_.resize, .fit = decoding_.fit};
  decoding_.invert = invert;
}

void PictureDecoder::pixels(int64_t i, const uint8_t* data, int height, int width, int channels) {
  decode_pixels(data, int64_t{width} * channels, height, width, channels, decoding_,
                static_cast<int>(port_.image->height), static_cast<int>(port_.image->width),
                decoded_.data());
  store(i);
}

void PictureDecoder::image(int64_t i, const Image& image) {
  decode_image(image, decoding_, static_cast<int>(port_.image->height),
               static_cast<int>(port_.image->width), decoded_.data());
  store(i);
}

void PictureDecoder::store(int64_t i) {
  const auto count = static_cast<int64_t>(decoded_.size());
  uint8_t* to = to_ + i * count * size_of(dtype_);
  if (dtype_ != DType::kF64) {
    convert(DType::kF32, decoded_.data(), dtype_, to, count);
    return;
  }
  const int64_t plane = port_.image->height * port_.image->width;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t channel = k / plane;
    const double value =
        (decoded_[static_cast<size_t>(k)] * port_.image->scale - port_.image->mean[channel]) /
        port_.image->deviation[channel];
    std::memcpy(to + k * size_of(dtype_), &value, sizeof value);
  }
}

Result<void> check_picture_size(const std::string& path, int64_t height, int64_t width) {
  if (height > 0 && width > 0 && height <= kMostPixels / width) return {};
  return fail("%s: pictures of %lld x %lld pixels; 1 to 67 million can be read", path.c_str(),
              static_cast<long long>(width), static_cast<long long>(height));
}

// What is done to a pixel is affine: the ends of its range tell.
bool pixels_are_finite(const linnet_image_v1& image) {
  const ImageDecoding decoding = decoding_of(image);
  for (int channel = 0; channel < channels_of(decoding.color); ++channel) {
    for (const float pixel : {0.0F, 255.0F}) {
      if (!std::isfinite((pixel * decoding.scale - decoding.mean[channel]) /
                         decoding.deviation[channel]))
        return false;
    }
  }
  return true;
}

}  // namespace linnet::runtime
