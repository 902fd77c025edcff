// Puts a transpose behind pictures whose channels come last.
#include "frontend/lin/picture_planes.h"

#include "ir/builder.h"
#include "ir/data_kind.h"
#include "ir/rewrite.h"

#include <algorithm>

namespace linnet::frontend {
namespace {

bool has_channels_last(const ir::Module& module, const ir::Value& input) {
  const auto declared = std::ranges::find(module.data, input.name, &ir::Declaration::target);
  const ir::Shape& shape = input.type.shape;
  if (declared == module.data.end() || declared->recipe.kind != ir::data::image.name ||
      shape.size() != 4)
    return false;
  const std::string color = ir::Settings(declared->recipe, ir::data::image.settings).text("color");
  const int64_t channels = color == "gray" ? 1 : 3;
  return shape[1] != channels && shape[3] == channels;
}

}  // namespace

void take_planes(ir::Module& module) {
  const ir::Graph old = std::move(module.graphs.front());
  ir::Rewriter rewriter(old, [](const ir::GraphInput&) { return false; });
  std::vector<ir::GraphInput> pictures;
  for (const ir::GraphInput& input : old.inputs) {
    const ir::Value& value = old.value(input.value);
    ir::Type type = value.type;
    const bool last = input.slot.empty() && has_channels_last(module, value);
    if (last) type.shape = {type.shape[0], type.shape[3], type.shape[1], type.shape[2]};
    const ir::ValueId given = rewriter.graph().add_input(value.name, type, input.slot);
    rewriter.graph().value(given).storage = value.storage;
    rewriter.replace(input.value, given);
    if (last) pictures.push_back({input.value, ""});
  }
  for (const ir::GraphInput& picture : pictures) {
    const ir::Place place = ir::Place::named("input '" + old.value(picture.value).name + "'");
    ir::Builder builder = rewriter.at(place);
    rewriter.replace(picture.value,
                     builder.create(ir::ops::transpose, {rewriter[picture.value]},
                                    {{"dims", ir::Ints{0, 2, 3, 1}}}, "channels_last"));
  }
  for (const ir::Node& node : old.nodes())
    rewriter.copy(node);
  module.graphs.front() = rewriter.finish();
}

}  // namespace linnet::frontend
