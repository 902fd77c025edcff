// PNG and JPEG by stb_image; resizing by taps, then scale, mean and deviation to f32 planes.
#include "base/io/image.h"

#include <algorithm>
#include <cmath>

namespace linnet {

namespace {

// Which source samples make one output sample along an axis, and their weights.
struct Tap {
  int first = 0;
  std::vector<float> weights;
};

// The part of the source that fills the part of the output, along one axis.
struct Axis {
  double source_begin = 0, source_length = 0;
  int output_begin = 0, output_length = 0;
};

std::vector<Tap> taps_of(const Axis& axis, int source_size, Resize resize) {
  std::vector<Tap> taps(static_cast<size_t>(axis.output_length));
  const double ratio = axis.source_length / axis.output_length;
  const double reach = std::max(ratio, 1.0);  // half width of the triangle
  for (int i = 0; i < axis.output_length; ++i) {
    Tap& tap = taps[static_cast<size_t>(i)];
    const double centre = axis.source_begin + (i + 0.5) * ratio;
    if (resize == Resize::kNearest) {
      tap.first = std::clamp(static_cast<int>(std::floor(centre)), 0, source_size - 1);
      tap.weights = {1.0f};
      continue;
    }
    const int first = std::clamp(static_cast<int>(std::floor(centre - reach)), 0, source_size - 1);
    const int last =
        std::clamp(static_cast<int>(std::ceil(centre + reach)), first + 1, source_size);
    std::vector<double> weights;
    double sum = 0;
    for (int s = first; s < last; ++s) {
      weights.push_back(std::max(0.0, 1.0 - std::abs(s + 0.5 - centre) / reach));
      sum += weights.back();
    }
    tap.first = first;
    for (double weight : weights)
      tap.weights.push_back(static_cast<float>(weight / sum));
  }
  return taps;
}

// Splits both axes after `fit`.
void place(Fit fit, int image_height, int image_width, int height, int width, Axis& rows,
           Axis& columns) {
  rows = {0, static_cast<double>(image_height), 0, height};
  columns = {0, static_cast<double>(image_width), 0, width};
  // Is the picture wider than wanted? In integers: w/h > W/H.
  const int64_t wide = int64_t{image_width} * height;
  const int64_t high = int64_t{image_height} * width;
  if (fit == Fit::kStretch || wide == high) return;
  if (fit == Fit::kContain) {
    Axis& shorter = wide > high ? rows : columns;
    const int whole = shorter.output_length;
    const double exact = wide > high ? static_cast<double>(high) / image_width
                                     : static_cast<double>(wide) / image_height;
    shorter.output_length = std::clamp(static_cast<int>(std::lround(exact)), 1, whole);
    shorter.output_begin = (whole - shorter.output_length) / 2;
  } else {
    Axis& longer = wide > high ? columns : rows;
    const double whole = longer.source_length;
    longer.source_length =
        wide > high ? static_cast<double>(high) / height : static_cast<double>(wide) / width;
    longer.source_begin = (whole - longer.source_length) / 2;
  }
}

// One channel of the decoded picture as a function of the pixel's samples.
float sample(const uint8_t* pixel, int channels, Color color, int channel) {
  if (channels < 3) return pixel[0];
  if (color == Color::kGray)
    return static_cast<float>((19595u * pixel[0] + 38470u * pixel[1] + 7471u * pixel[2] + 32768u) >>
                              16);
  return pixel[color == Color::kBgr ? 2 - channel : channel];
}

void scale_plane(const ImageDecoding& decoding, int channel, float* plane, int64_t count) {
  const float mean = decoding.mean[channel], deviation = decoding.deviation[channel];
  for (int64_t i = 0; i < count; ++i)
    plane[i] = (plane[i] * decoding.scale - mean) / deviation;
}

// Every tap is one sample of weight 1, so that none is needed.
void same_size(const uint8_t* pixels, int64_t row_stride, int channels,
               const ImageDecoding& decoding, int height, int width, float* output) {
  const int64_t count = int64_t{height} * width;
  for (int channel = 0; channel < channels_of(decoding.color); ++channel) {
    float* plane = output + channel * count;
    for (int row = 0; row < height; ++row) {
      const uint8_t* pixel = pixels + row * row_stride;
      float* line = plane + int64_t{row} * width;
      for (int column = 0; column < width; ++column, pixel += channels) {
        const float value = sample(pixel, channels, decoding.color, channel);
        line[column] = decoding.invert ? 255.0f - value : value;
      }
    }
    scale_plane(decoding, channel, plane, count);
  }
}

}  // namespace

void decode_pixels(const uint8_t* pixels, int64_t row_stride, int image_height, int image_width,
                   int image_channels, const ImageDecoding& decoding, int height, int width,
                   float* output) {
  if (image_height == height && image_width == width) {
    same_size(pixels, row_stride, image_channels, decoding, height, width, output);
    return;
  }
  Axis rows, columns;
  place(decoding.fit, image_height, image_width, height, width, rows, columns);
  const std::vector<Tap> row_taps = taps_of(rows, image_height, decoding.resize);
  const std::vector<Tap> column_taps = taps_of(columns, image_width, decoding.resize);

  // The rows that are needed, shortened to the output's width; then mixed downwards.
  const int first_row = row_taps.front().first;
  const int last_row = row_taps.back().first + static_cast<int>(row_taps.back().weights.size());
  const auto narrow_width = static_cast<size_t>(columns.output_length);
  std::vector<float> narrow(static_cast<size_t>(last_row - first_row) * narrow_width);

  for (int channel = 0; channel < channels_of(decoding.color); ++channel) {
    for (int row = first_row; row < last_row; ++row) {
      const uint8_t* line = pixels + row * row_stride;
      float* target = narrow.data() + static_cast<size_t>(row - first_row) * narrow_width;
      for (const Tap& tap : column_taps) {
        const uint8_t* pixel = line + int64_t{tap.first} * image_channels;
        float sum = 0;
        for (float weight : tap.weights) {
          const float value = sample(pixel, image_channels, decoding.color, channel);
          sum += weight * (decoding.invert ? 255.0f - value : value);
          pixel += image_channels;
        }
        *target++ = sum;
      }
    }
    float* plane = output + int64_t{channel} * height * width;
    std::fill(plane, plane + int64_t{height} * width, 0.0f);
    for (int row = 0; row < rows.output_length; ++row) {
      const Tap& tap = row_taps[static_cast<size_t>(row)];
      float* target = plane + int64_t{rows.output_begin + row} * width + columns.output_begin;
      for (size_t column = 0; column < narrow_width; ++column) {
        float sum = 0;
        for (size_t i = 0; i < tap.weights.size(); ++i)
          sum += tap.weights[i] *
                 narrow[(static_cast<size_t>(tap.first - first_row) + i) * narrow_width + column];
        target[column] = sum;
      }
    }
    scale_plane(decoding, channel, plane, int64_t{height} * width);
  }
}

void decode_image(const Image& image, const ImageDecoding& decoding, int height, int width,
                  float* output) {
  decode_pixels(image.pixels.data(), int64_t{image.width} * image.channels, image.height,
                image.width, image.channels, decoding, height, width, output);
}

}  // namespace linnet
