// Pictures: PNG and JPEG in, f32 planes as a model wants them out.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet {

// The numbers of these enums are part of base/abi/model.h.
enum class Color : int32_t { kGray = 0, kRgb = 1, kBgr = 2 };
enum class Resize : int32_t { kBilinear = 0, kNearest = 1 };
// What happens to a picture of another aspect ratio.
enum class Fit : int32_t {
  kStretch = 0,
  kContain = 1,  // all of it, centred, the rest 0 (after `invert`)
  kCover = 2,    // its centre, cut to the wanted ratio
};

// 8-bit samples, rows from the top, channels interleaved.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;  // 1 gray, 2 gray + alpha, 3 RGB, 4 RGB + alpha
  std::vector<uint8_t> pixels;
};

// What `data NAME { x: image(…) }` declares, for an input of [channels, height, width].
struct ImageDecoding {
  Color color = Color::kGray;
  Resize resize = Resize::kBilinear;
  Fit fit = Fit::kStretch;
  bool invert = false;  // 255 − sample, right after decoding
  float scale = 1.0f;
  float mean[3] = {0, 0, 0};  // by channel, in the order of `color`; gray uses the first
  float deviation[3] = {1, 1, 1};
};

inline constexpr int64_t kMostPixels = int64_t{64} << 20;  // of a picture

[[nodiscard]] constexpr int channels_of(Color color) {
  return color == Color::kGray ? 1 : 3;
}

// PNG or JPEG, at most 256 MiB of file and 64 Mpixel; 16-bit samples keep their high byte.
[[nodiscard]] Result<Image> parse_image(const std::string& name, std::span<const uint8_t> bytes);
[[nodiscard]] Result<Image> read_image(const std::string& path);

// decode → fit and resize → × scale → − mean → ÷ deviation, each in f32, into planes
// `output[channels][height][width]`.
// * Alpha is ignored. Gray of a coloured picture is ITU-R 601 luma in Pillow's integers,
//   (19595 R + 38470 G + 7471 B + 32768) >> 16; a gray picture has R = G = B.
// * Nearest takes the pixel that holds the centre of the output's. Bilinear is a triangle filter
//   between pixel centres, widened by the factor when it shrinks (as Pillow's), so that no pixel
//   is skipped; the result is not rounded to integers. The same size changes no value.
void decode_image(const Image& image, const ImageDecoding& decoding, int height, int width,
                  float* output);

// The same for samples that are there already, such as IDX images: rows `row_stride` bytes apart.
void decode_pixels(const uint8_t* pixels, int64_t row_stride, int image_height, int image_width,
                   int image_channels, const ImageDecoding& decoding, int height, int width,
                   float* output);

}  // namespace linnet
