#include "base/io/image.h"

#include "base/io/idx.h"
#include "tests/base/files.h"

#include <cstring>
#include <numeric>

namespace linnet {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::FloatEq;
using testing::FloatNear;
using testing::HasSubstr;

std::vector<float> decoded(const Image& image, const ImageDecoding& decoding, int height,
                           int width) {
  std::vector<float> output(static_cast<size_t>(channels_of(decoding.color) * height * width),
                            -999.0f);
  decode_image(image, decoding, height, width, output.data());
  return output;
}

Image gray(int width, int height, std::vector<uint8_t> pixels) {
  return {width, height, 1, std::move(pixels)};
}

// A one-colour PNG with stored (uncompressed) data is short enough to be written out here.
uint32_t crc32(std::span<const uint8_t> bytes) {
  uint32_t crc = 0xffffffff;
  for (uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
void put32(std::vector<uint8_t>& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<uint8_t>(value >> shift));
}
void chunk(std::vector<uint8_t>& out, const char* type, std::vector<uint8_t> data) {
  put32(out, static_cast<uint32_t>(data.size()));
  data.insert(data.begin(), type, type + 4);
  out.insert(out.end(), data.begin(), data.end());
  put32(out, crc32(data));
}
std::vector<uint8_t> png(uint32_t width, uint32_t height, uint8_t color_type,
                         const std::vector<uint8_t>& filtered_rows) {
  std::vector<uint8_t> out{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, header;
  put32(header, width);
  put32(header, height);
  header.insert(header.end(), {8, color_type, 0, 0, 0});
  chunk(out, "IHDR", header);
  const auto length = static_cast<uint16_t>(filtered_rows.size());
  std::vector<uint8_t> zlib{0x78,
                            1,
                            1,
                            static_cast<uint8_t>(length),
                            static_cast<uint8_t>(length >> 8),
                            static_cast<uint8_t>(~length),
                            static_cast<uint8_t>(~length >> 8)};
  zlib.insert(zlib.end(), filtered_rows.begin(), filtered_rows.end());
  put32(zlib, 0);  // the checksum is not looked at
  chunk(out, "IDAT", zlib);
  chunk(out, "IEND", {});
  return out;
}

TEST(Image, ADigitIsItsIdxPicture) {
  // 0.png … 9.png are ten of the 360 test pictures: each must be there, to the byte.
  const Tensor pictures = *read_idx(data_path("digits/t10k-images-idx3-ubyte"));
  const std::string all(pictures.data.begin(), pictures.data.end());
  for (int digit = 0; digit < 10; ++digit) {
    const Result<Image> image = read_image(data_path(format("digits/%d.png", digit)));
    ASSERT_TRUE(image) << message(image);
    EXPECT_EQ(image->width, 28);
    EXPECT_EQ(image->height, 28);
    const std::vector<float> values = decoded(*image, {}, 28, 28);
    const std::string bytes(values.begin(), values.end());
    EXPECT_NE(all.find(bytes), std::string::npos) << digit;
  }
}

TEST(Image, ReadsColourAndAlpha) {
  const Result<Image> image = parse_image("x", png(1, 1, 6, {0, 10, 20, 30, 0}));
  ASSERT_TRUE(image) << message(image);
  EXPECT_EQ(image->channels, 4);
  EXPECT_THAT(decoded(*image, {.color = Color::kRgb}, 1, 1), ElementsAre(10, 20, 30));
  EXPECT_THAT(decoded(*image, {.color = Color::kBgr}, 1, 1), ElementsAre(30, 20, 10));
  // (19595·10 + 38470·20 + 7471·30 + 32768) >> 16 = 18
  EXPECT_THAT(decoded(*image, {.color = Color::kGray}, 1, 1), ElementsAre(18));
  EXPECT_THAT(decoded(gray(1, 1, {77}), {.color = Color::kRgb}, 1, 1), ElementsAre(77, 77, 77));
}

TEST(Image, OrderOfArithmetic) {
  const ImageDecoding decoding{.invert = true, .scale = 0.5f, .mean = {3}, .deviation = {4}};
  EXPECT_THAT(decoded(gray(1, 1, {55}), decoding, 1, 1), ElementsAre((200 * 0.5f - 3) / 4));
  const ImageDecoding channels{
      .color = Color::kRgb, .scale = 1, .mean = {1, 2, 3}, .deviation = {1, 2, 4}};
  EXPECT_THAT(decoded(gray(1, 1, {11}), channels, 1, 1), ElementsAre(10, 4.5, 2));
}

TEST(Image, SameSizeChangesNothing) {
  std::vector<uint8_t> pixels(7 * 5);
  std::iota(pixels.begin(), pixels.end(), uint8_t{3});
  for (Resize resize : {Resize::kBilinear, Resize::kNearest}) {
    const std::vector<float> values = decoded(gray(7, 5, pixels), {.resize = resize}, 5, 7);
    EXPECT_TRUE(std::equal(values.begin(), values.end(), pixels.begin(), pixels.end()));
  }
}

TEST(Image, BilinearGrowsBetweenCentres) {
  // Centres of the output at 0.25, 0.75, 1.25, 1.75: the ends keep the border's value.
  EXPECT_THAT(decoded(gray(2, 1, {0, 100}), {}, 1, 4), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(decoded(gray(1, 2, {0, 100}), {}, 4, 1), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(decoded(gray(2, 1, {0, 100}), {.resize = Resize::kNearest}, 1, 4),
              ElementsAre(0, 0, 100, 100));
}

TEST(Image, BilinearShrinksWithoutSkipping) {
  // One bright pixel among 64 is seen, wherever it is.
  for (size_t at = 0; at < 64; ++at) {
    std::vector<uint8_t> pixels(64, 0);
    pixels[at] = 255;
    const std::vector<float> values = decoded(gray(64, 1, pixels), {}, 1, 4);
    EXPECT_GT(*std::max_element(values.begin(), values.end()), 0) << at;
  }
  EXPECT_THAT(decoded(gray(1000, 1000, std::vector<uint8_t>(1000000, 200)), {}, 28, 28),
              Each(FloatNear(200, 1e-3f)));
  // Pillow 9: Image.fromarray([[0, 50, 100, 150, 200, 250]], "F").resize((3, 1), BILINEAR)
  // weighs the triangle's four neighbours 1:3:3:1, cut off at the border.
  EXPECT_THAT(decoded(gray(6, 1, {0, 50, 100, 150, 200, 250}), {}, 1, 3),
              ElementsAre(FloatNear(250.0f / 7, 1e-3f), FloatNear(125, 1e-3f),
                          FloatNear(250 - 250.0f / 7, 1e-3f)));
}

TEST(Image, Contain) {
  const std::vector<float> values =
      decoded(gray(4, 2, std::vector<uint8_t>(8, 9)), {.fit = Fit::kContain, .mean = {1}}, 4, 4);
  EXPECT_THAT(values, ElementsAre(-1, -1, -1, -1, 8, 8, 8, 8, 8, 8, 8, 8, -1, -1, -1, -1));
  // A line of one pixel stays visible however wide it is.
  EXPECT_THAT(decoded(gray(100, 1, std::vector<uint8_t>(100, 9)), {.fit = Fit::kContain}, 3, 3),
              ElementsAre(0, 0, 0, FloatEq(9), FloatEq(9), FloatEq(9), 0, 0, 0));
}

TEST(Image, Cover) {
  const Image image = gray(4, 2, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_THAT(decoded(image, {.fit = Fit::kCover}, 2, 2), ElementsAre(2, 3, 6, 7));
  const Image high = gray(1, 4, {1, 2, 3, 4});
  EXPECT_THAT(decoded(high, {.fit = Fit::kCover}, 1, 1), ElementsAre(FloatNear(2.5, 0.6f)));
  EXPECT_THAT(decoded(image, {.fit = Fit::kStretch}, 2, 4), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST(Image, RowStrideIsHonoured) {
  const uint8_t pixels[] = {1, 2, 99, 3, 4, 99};
  float output[4];
  decode_pixels(pixels, 3, 2, 2, 1, {}, 2, 2, output);
  EXPECT_THAT(output, ElementsAre(1, 2, 3, 4));
}

TEST(Image, Refusals) {
  EXPECT_THAT(message(parse_image("x", {})), HasSubstr("neither a PNG nor a JPEG"));
  EXPECT_THAT(message(parse_image("x", bytes_of_text("GIF89a......"))), HasSubstr("neither"));
  EXPECT_THAT(message(parse_image("x", png(1 << 14, 1 << 13, 0, {0}))),
              HasSubstr("at most 67 million pixels"));
  EXPECT_THAT(message(parse_image("x", png(100, 100, 0, {0, 1, 2}))), HasSubstr("damaged"));
  EXPECT_FALSE(parse_image("x", png(0, 1, 0, {0})));
}

TEST(Image, DamagedAnywhere) {
  const std::vector<uint8_t> whole = *read_file(data_path("digits/7.png"));
  for (size_t length = 0; length < whole.size(); length += 3)
    (void)parse_image("x", std::span(whole).first(length));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::vector<uint8_t> changed = whole;
    changed[at] ^= 0x55;
    const Result<Image> image = parse_image("x", changed);
    if (image) {
      EXPECT_EQ(image->pixels.size(), static_cast<size_t>(image->width) *
                                          static_cast<size_t>(image->height) *
                                          static_cast<size_t>(image->channels));
    }
  }
}

}  // namespace
}  // namespace linnet
