// Operands and attributes of an ONNX node by index and name, typed, or a fault at the node.
#include "frontend/onnx/import/node.h"

#include <fmt/format.h>

namespace linnet::frontend {

using Attribute = ::onnx::AttributeProto;

ir::Var OnnxNode::in(size_t i, InitializerUse use) {
  if (!has(i)) wrong(fmt::format("input {} is missing", i));
  return var(graph_.value(*inputs_[i], use));
}

std::optional<ir::Tensor> OnnxNode::known(size_t i) {
  if (!has(i)) return std::nullopt;
  return graph_.known(*inputs_[i]);
}

ir::Tensor OnnxNode::constant(size_t i, std::string_view what) {
  if (!has(i)) wrong(fmt::format("input {} ({}) is missing", i, what));
  auto tensor = known(i);
  if (!tensor) {
    const std::string bind = inputs_[i]->value ? graph_.bind_remedy(inputs_[i]->value) : "";
    unsupported(fmt::format("{} (input {}, '{}') is known only when the model runs", what, i,
                            proto_.input(static_cast<int>(i))),
                !bind.empty() ? bind
                              : "make it an initializer or a Constant; onnxsim or onnxruntime's "
                                "offline optimizer often can");
  }
  return *std::move(tensor);
}

ir::Ints OnnxNode::ints(size_t i, std::string_view what) {
  const ir::Tensor tensor = constant(i, what);
  if (!is_integer(tensor.type().dtype))
    wrong(fmt::format("{} must be integers, not {}", what, to_string(tensor.type())));
  if (tensor.type().rank() > 1)
    wrong(fmt::format("{} must be a list, not {}", what, to_string(tensor.type())));
  return tensor.as_ints();
}

int64_t OnnxNode::integer(size_t i, std::string_view what) {
  const ir::Ints values = ints(i, what);
  if (values.size() != 1) wrong(fmt::format("{} must be one number, not {}", what, values.size()));
  return values.front();
}

double OnnxNode::number(size_t i, std::string_view what) {
  const std::vector<double> values = numbers(i, what);
  if (values.size() != 1) wrong(fmt::format("{} must be one number, not {}", what, values.size()));
  return values.front();
}

std::vector<double> OnnxNode::numbers(size_t i, std::string_view what) {
  return constant(i, what).as_doubles();
}

const Attribute* OnnxNode::find(std::string_view name) const {
  for (const Attribute& attribute : proto_.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

const Attribute* OnnxNode::find(std::string_view name, Attribute::AttributeType type) const {
  const Attribute* attribute = find(name);
  // A missing type is that of old files, which the field tells.
  if (attribute && attribute->type() != type && attribute->type() != Attribute::UNDEFINED) {
    wrong(fmt::format("attribute '{}' must be of type {}, not {}", name,
                      Attribute::AttributeType_Name(type),
                      Attribute::AttributeType_Name(attribute->type())));
  }
  return attribute;
}

int64_t OnnxNode::integer(std::string_view name, int64_t fallback) const {
  const Attribute* attribute = find(name, Attribute::INT);
  return attribute ? attribute->i() : fallback;
}

double OnnxNode::number(std::string_view name, double fallback) const {
  const Attribute* attribute = find(name, Attribute::FLOAT);
  return attribute ? static_cast<double>(attribute->f()) : fallback;
}

bool OnnxNode::flag(std::string_view name, bool fallback) const {
  return integer(name, fallback ? 1 : 0) != 0;
}

std::string OnnxNode::text(std::string_view name, std::string fallback) const {
  const Attribute* attribute = find(name, Attribute::STRING);
  return attribute ? attribute->s() : fallback;
}

ir::Ints OnnxNode::ints(std::string_view name, ir::Ints fallback) const {
  const Attribute* attribute = find(name, Attribute::INTS);
  if (!attribute) return fallback;
  return {attribute->ints().begin(), attribute->ints().end()};
}

std::vector<double> OnnxNode::numbers(std::string_view name) const {
  const Attribute* attribute = find(name, Attribute::FLOATS);
  if (!attribute) return {};
  return {attribute->floats().begin(), attribute->floats().end()};
}

std::vector<std::string> OnnxNode::texts(std::string_view name) const {
  const Attribute* attribute = find(name, Attribute::STRINGS);
  if (!attribute) return {};
  return {attribute->strings().begin(), attribute->strings().end()};
}

size_t OnnxNode::axis(int64_t given, size_t rank) const {
  const int64_t n = static_cast<int64_t>(rank);
  if (given < -n || given >= n)
    wrong(fmt::format("axis {} does not exist among {} dimensions", given, rank));
  return static_cast<size_t>(given < 0 ? given + n : given);
}

ir::Var OnnxNode::literal(const ir::Ints& values) {
  const ir::Type type{ir::DType::kI64, {static_cast<int64_t>(values.size())}, {}};
  return literal(ir::Tensor::from_ints(type, values));
}

ir::Var OnnxNode::literal(ir::DType dtype, const ir::Shape& shape,
                          const std::vector<double>& values) {
  return literal(ir::Tensor::from_doubles({dtype, shape, {}}, values));
}

void OnnxNode::wrong(std::string message, std::string remedy) const {
  throw NodeFault{Status::kBadInput, std::move(message), std::move(remedy)};
}

void OnnxNode::unsupported(std::string message, std::string remedy) const {
  throw NodeFault{Status::kUnsupported, std::move(message), std::move(remedy)};
}

}  // namespace linnet::frontend
