// Pictures: planes of height × width, one for gray and three for colours.
#include "ir/data_kind.h"

#include "base/shortest.h"
#include "support/text.h"

#include <fmt/format.h>

#include <cmath>

namespace linnet::ir {
namespace {

int64_t channels_of(const Settings& settings) {
  return settings.text("color") == "gray" ? 1 : 3;
}

std::optional<Fault> check(const DataContext& c) {
  const Shape& shape = c.type.shape;
  const int64_t channels = channels_of(c.settings);
  const std::string what = fmt::format("a {} picture has {} channel{}", c.settings.text("color"),
                                       channels, channels == 1 ? "" : "s");
  if (shape.size() == 4) {
    if (shape[1] == channels) return std::nullopt;
    if (shape[3] == channels)
      return Fault{
          fmt::format("{} is a picture with its channels last", to_string(shape)),
          "pictures are [N, C, H, W]: transpose(…, dims: [0, 2, 3, 1]) gives what the model had"};
    return Fault{fmt::format("{}, '{}' is {}", what, c.port, to_string(shape)),
                 "image(color: gray) is for [N, 1, H, W], rgb and bgr for [N, 3, H, W]"};
  }
  const int64_t all = c.sample_elements();
  const double height = c.settings.number("height"), width = c.settings.number("width");
  const bool named = height > 0 || width > 0;
  const double side = std::sqrt(static_cast<double>(all) / static_cast<double>(channels));
  const bool flat = shape.size() == 3 && channels == 1;
  const bool fits = named
                        ? height * width * static_cast<double>(channels) == static_cast<double>(all)
                        : flat || (shape.size() == 2 && side == std::floor(side));
  if (fits) return std::nullopt;
  return Fault{fmt::format("{}, and no such picture has the {} numbers of '{}'", what, all, c.port),
               "image(…, height: H, width: W) where a flat input is no square"};
}

void resolve(const DataContext& c, Contract& port) {
  const int64_t channels = channels_of(c.settings), elements = c.type.elements();
  const Shape& shape = c.type.shape;
  int64_t height = shape.size() >= 3 ? shape[shape.size() - 2] : 0;
  int64_t width = shape.size() >= 3 ? shape[shape.size() - 1] : 0;
  if (height * width * channels != elements) {
    // A flat input, [N, 784]: the declaration's size, or a square.
    height = c.settings.integer("height");
    width = c.settings.integer("width");
    for (int64_t side = 1; height == 0 && side * side * channels <= elements; ++side) {
      if (side * side * channels == elements) height = width = side;
    }
  }
  std::vector<double> mean, deviation;
  for (size_t channel = 0; channel < 3; ++channel) {
    mean.push_back(c.settings.number("mean", channel));
    deviation.push_back(c.settings.number("std", channel));
  }
  port.set(&linnet_port_v1::image, Contract::of<linnet_image_v1>()
                                       .set(&linnet_image_v1::color, c.settings.word("color"))
                                       .set(&linnet_image_v1::resize, c.settings.word("resize"))
                                       .set(&linnet_image_v1::fit, c.settings.word("fit"))
                                       .set(&linnet_image_v1::invert, c.settings.flag("invert"))
                                       .set(&linnet_image_v1::height, height)
                                       .set(&linnet_image_v1::width, width)
                                       .set(&linnet_image_v1::scale, c.settings.number("scale"))
                                       .set(&linnet_image_v1::mean, mean)
                                       .set(&linnet_image_v1::deviation, deviation));
}

void units(const UnitContext& c, Units& units) {
  const linnet_image_v1& image = *c.port.image;
  const int64_t channels = image.color == 0 ? 1 : 3;
  if (c.type.dtype != DType::kF32) return;
  if (image.height * image.width * channels != c.type.elements()) return;  // a batch
  units.kind = Units::kPixels;
  units.raw_size = 1;
  units.mean.assign(image.mean, image.mean + channels);
  units.deviation.assign(image.deviation, image.deviation + channels);
}

std::string describe(const UnitContext& c, const Units&, const std::string&,
                     const std::string& macro) {
  const linnet_image_v1& image = *c.port.image;
  return fmt::format("a picture of {} x {}, plane after plane ({}), each sample ({} * {}_SCALE - "
                     "{}_MEAN) / {}_STD",
                     image.width, image.height,
                     image.color == 0   ? "gray"
                     : image.color == 1 ? "red, green, blue"
                                        : "blue, green, red",
                     image.invert ? "(255 - byte)" : "byte", macro, macro, macro);
}

// The values of a picture are multiplied by the scale, not divided by it.
std::optional<DataKind::Doubt> doubt(const Settings& settings) {
  const double scale = settings.number("scale");
  if (scale <= 1) return std::nullopt;
  return DataKind::Doubt{
      "scale",
      {fmt::format("the values of a picture are multiplied by the scale: 0 to 255 become 0 to {}",
                   shortest(255 * scale)),
       fmt::format("scale: 1/{} divides by it", shortest(scale))}};
}

}  // namespace

const DataKind data::image{
    .name = "image",
    .doc = "a picture: decoded, × scale, − mean, ÷ std",
    .settings = {{.name = "color",
                  .default_value = Enum{"gray"},
                  .doc = "channels, in their order",
                  .words = {"gray", "rgb", "bgr"}},
                 {"scale", 1.0, "of values from 0 to 255"},
                 {"mean", Doubles{0}, "taken off, one or one a channel"},
                 {"std", Doubles{1}, "divides, one or one a channel", kPositive},
                 {.name = "resize",
                  .default_value = Enum{"bilinear"},
                  .doc = "how pictures of other sizes are brought to this one",
                  .words = {"bilinear", "nearest"}},
                 {.name = "fit",
                  .default_value = Enum{"stretch"},
                  .doc = "what becomes of another ratio of the sides",
                  .words = {"stretch", "contain", "cover"}},
                 {"invert", false, "255 − value first"},
                 {"height", 0.0, "of a flat input that is no square", kCount},
                 {"width", 0.0, "of a flat input that is no square", kCount}},
    .check = check,
    .resolve = resolve,
    .units = units,
    .describe = describe,
    .doubt = doubt};

}  // namespace linnet::ir
