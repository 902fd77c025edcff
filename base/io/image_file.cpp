// stb_image, kept to PNG and JPEG in memory, with bounds on what a small file may unfold to.
#include "base/io/file.h"
#include "base/io/image.h"

#include <cstdlib>

namespace linnet {
namespace {
// A bomb of some kilobytes must not take the machine's memory: one block at most.
constexpr size_t kMaxBlock = size_t{512} << 20;
void* bounded_malloc(size_t size) {
  return size > kMaxBlock ? nullptr : std::malloc(size);
}
void* bounded_realloc(void* block, size_t size) {
  return size > kMaxBlock ? nullptr : std::realloc(block, size);
}
}  // namespace
}  // namespace linnet

#define STBI_MALLOC(size) linnet::bounded_malloc(size)
#define STBI_REALLOC(block, size) linnet::bounded_realloc(block, size)
#define STBI_FREE(block) std::free(block)
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS (1 << 20)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace linnet {

namespace {
constexpr int64_t kMaxFile = int64_t{256} << 20;
}  // namespace

Result<Image> parse_image(const std::string& name, std::span<const uint8_t> bytes) {
  if (static_cast<int64_t>(bytes.size()) > kMaxFile)
    return fail("%s: longer than %lld MiB", name.c_str(), static_cast<long long>(kMaxFile >> 20));
  const auto length = static_cast<int>(bytes.size());
  Image image;
  if (stbi_info_from_memory(bytes.data(), length, &image.width, &image.height, &image.channels) ==
      0)
    return fail("%s: neither a PNG nor a JPEG picture (%s)", name.c_str(), stbi_failure_reason());
  if (image.width < 1 || image.height < 1 || int64_t{image.width} * image.height > kMostPixels)
    return fail("%s: %d x %d pixels; at most 67 million pixels can be read", name.c_str(),
                image.width, image.height);
  // The channels that are in the file: 0 asks for no conversion.
  stbi_uc* pixels =
      stbi_load_from_memory(bytes.data(), length, &image.width, &image.height, &image.channels, 0);
  if (pixels == nullptr)
    return fail("%s: the picture is damaged (%s)", name.c_str(), stbi_failure_reason());
  image.pixels.assign(pixels, pixels + int64_t{image.width} * image.height * image.channels);
  stbi_image_free(pixels);
  return image;
}

Result<Image> read_image(const std::string& path) {
  return read_file(path, kMaxFile).and_then([&](const std::vector<uint8_t>& bytes) {
    return parse_image(path, bytes);
  });
}

}  // namespace linnet
