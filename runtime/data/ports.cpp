// What ports declare, as the readers take it.
#include "runtime/data/ports.h"

namespace linnet::runtime {

int64_t elements_of(const linnet_port_v1& port) {
  int64_t count = 1;
  for (int64_t i = 0; i < port.rank; ++i)
    count *= port.dims[i];
  return count;
}

ImageDecoding decoding_of(const linnet_image_v1& image) {
  ImageDecoding decoding;
  decoding.color = static_cast<Color>(image.color);
  decoding.resize = static_cast<Resize>(image.resize);
  decoding.fit = static_cast<Fit>(image.fit);
  decoding.invert = image.invert != 0;
  decoding.scale = static_cast<float>(image.scale);
  for (int i = 0; i < 3; ++i) {
    decoding.mean[i] = static_cast<float>(image.mean[i]);
    decoding.deviation[i] = static_cast<float>(image.deviation[i]);
  }
  return decoding;
}

bool is_picture(const std::string& path) {
  const auto ends = [&](const char* suffix) {
    std::string lower = path;
    for (char& c : lower)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return lower.ends_with(suffix);
  };
  return ends(".png") || ends(".jpg") || ends(".jpeg");
}

}  // namespace linnet::runtime
