// Classes: of a row of numbers the largest is the answer.
#include "ir/data_kind.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

std::optional<Fault> check(const DataContext& c) {
  const auto labels = static_cast<int64_t>(c.settings.texts("labels").size());
  const int64_t classes = c.type.shape.empty() ? 1 : c.type.shape.back();
  if (labels == classes || (labels == 2 && classes == 1)) return std::nullopt;
  return Fault{
      fmt::format("'{}' tells {} classes apart, {} labels are given", c.port, classes, labels), ""};
}

void resolve(const DataContext& c, Contract& port) {
  const Strings labels = c.settings.texts("labels");
  port.set(
      &linnet_port_v1::classes,
      Contract::of<linnet_classes_v1>()
          .set(&linnet_classes_v1::count, static_cast<int64_t>(labels.size()))
          .set(&linnet_classes_v1::labels, labels)
          .set(&linnet_classes_v1::probabilities, c.recipe.attrs.get_or(kProbabilities, false)));
}

std::string describe(const UnitContext& c, const Units&, const std::string&, const std::string&) {
  return c.port.classes->probabilities
             ? "probabilities of the classes"
             : "logits of the classes: the largest is the answer, softmax makes probabilities";
}

}  // namespace

const DataKind data::classes{.name = "classes",
                             .doc = "one number for each class, the largest is the answer",
                             .settings = {{.name = "labels",
                                           .default_value = Strings{},
                                           .doc = "of the classes, in their order",
                                           .required = true}},
                             .check = check,
                             .resolve = resolve,
                             .describe = describe};

}  // namespace linnet::ir
