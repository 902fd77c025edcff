#include "codegen/picture.h"

namespace linnet::codegen {

std::optional<ImageInfo> picture_of(const Ports& ports) {
  if (ports.inputs.size() != 1 || !ports.inputs[0].image) return std::nullopt;
  const ImageInfo& image = *ports.inputs[0].image;
  const int64_t pixels = image.height * image.width * (image.color == 0 ? 1 : 3);
  if (pixels != ports.inputs[0].type.elements() || ports.inputs[0].type.dtype != ir::DType::kF32)
    return std::nullopt;
  return image;
}

int64_t decoded_bytes(const Ports& ports) {
  return picture_of(ports) ? (ports.inputs[0].type.stored_bytes() + 63) / 64 * 64 : 0;
}

}  // namespace linnet::codegen
