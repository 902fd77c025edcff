// Decodes pictures for one port, in f32 or f64.
#include "runtime/data/picture.h"

#include "runtime/data/ports.h"

namespace linnet::runtime {

PictureDecoder::PictureDecoder(const linnet_port_v1& port, Tensor& to)
    : port_(port), to_(to), decoding_(decoding_of(*port.image)),
      decoded_(static_cast<size_t>(elements_of(port))) {
  if (to.dtype != DType::kF64) return;
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
  if (to_.dtype != DType::kF64) {
    convert(DType::kF32, decoded_.data(), to_.dtype,
            to_.data.data() + i * count * size_of(to_.dtype), count);
    return;
  }
  const int64_t plane = port_.image->height * port_.image->width;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t channel = k / plane;
    to_.as<double>()[static_cast<size_t>(i * count + k)] =
        (decoded_[static_cast<size_t>(k)] * port_.image->scale - port_.image->mean[channel]) /
        port_.image->deviation[channel];
  }
}

}  // namespace linnet::runtime
