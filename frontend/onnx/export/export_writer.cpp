// Appends nodes and initializers to the protobuf graph and keeps their names unique.
#include "frontend/onnx/export/export_writer.h"

#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace linnet::frontend {

OnnxWriter::OnnxWriter(const ir::Graph& graph, const BatchSizes& sizes, onnx::GraphProto& proto)
    : graph_(graph), sizes_(sizes), proto_(proto), names_(graph.values().size()) {}

std::string OnnxWriter::unique(std::string_view wanted) {
  if (wanted.empty()) wanted = "value";  // a name of no letters means an omitted operand
  std::string name(wanted);
  for (int i = 1; !taken_.insert(name).second; ++i)
    name = fmt::format("{}_{}", wanted, i);
  return name;
}

void OnnxWriter::name(ir::ValueId value, std::string_view wanted) {
  std::string& name = names_[static_cast<size_t>(value.index)];
  if (name.empty()) name = unique(wanted);
}

const std::string& OnnxWriter::operator[](ir::ValueId value) {
  name(value, graph_.value(value).name);
  return names_[static_cast<size_t>(value.index)];
}

void OnnxWriter::initializer(const std::string& name, const ir::Tensor& tensor) {
  *proto_.add_initializer() = onnx_tensor(name, tensor);
}

std::string OnnxWriter::integers(std::string_view wanted, const ir::Ints& list) {
  const ir::Type type{ir::DType::kI64, {static_cast<int64_t>(list.size())}, {}};
  std::string name = unique(wanted);
  initializer(name, ir::Tensor::from_ints(type, list));
  return name;
}

std::string OnnxWriter::number(std::string_view wanted, ir::DType dtype, double value) {
  std::string name = unique(wanted);
  initializer(name, ir::Tensor::splat({dtype, {}, {}}, value));
  return name;
}

onnx::NodeProto& OnnxWriter::add(const ir::Node& node, std::string_view op,
                                 std::vector<std::string> inputs) {
  std::string title = graph_.value(node.results.front()).name;
  for (int i = 1; !titles_.insert(title).second; ++i)
    title = fmt::format("{}_{}", graph_.value(node.results.front()).name, i);
  onnx::NodeProto& proto = *proto_.add_node();
  proto.set_name(title);
  proto.set_op_type(std::string(op));
  for (std::string& input : inputs)
    proto.add_input(std::move(input));
  for (ir::ValueId result : node.results)
    proto.add_output((*this)[result]);
  return proto;
}

std::string OnnxWriter::step(const ir::Node& node, std::string_view op,
                             std::vector<std::string> inputs, std::string_view what) {
  std::string result = unique(fmt::format("{}.{}", graph_.value(node.results.front()).name, what));
  onnx::NodeProto& proto = *proto_.add_node();
  proto.set_name(result);
  proto.set_op_type(std::string(op));
  for (std::string& input : inputs)
    proto.add_input(std::move(input));
  proto.add_output(result);
  return result;
}

std::vector<std::string> OnnxWriter::operands(const ir::Node& node) {
  std::vector<std::string> names;
  for (ir::ValueId operand : node.operands)
    names.push_back(operand ? (*this)[operand] : "");
  while (!names.empty() && names.back().empty())
    names.pop_back();
  return names;
}

std::string OnnxWriter::batch_size() {
  if (!batch_size_.empty()) return batch_size_;
  for (const ir::GraphInput& input : graph_.inputs) {
    for (size_t dim = 0; dim < type(input.value).rank(); ++dim) {
      if (sizes_.factor(input.value, dim) != 1) continue;
      batch_size_ = unique("N");
      onnx::NodeProto& proto = *proto_.add_node();
      proto.set_name(batch_size_);
      proto.set_op_type("Shape");
      proto.add_input((*this)[input.value]);
      proto.add_output(batch_size_);
      set_attribute(proto, "start", static_cast<int64_t>(dim));
      set_attribute(proto, "end", static_cast<int64_t>(dim) + 1);
      return batch_size_;
    }
  }
  LINNET_CHECK(false, "no input has the batch as a size");
  return "";
}

std::string OnnxWriter::shape_of_result(const ir::Node& node) {
  const ir::ValueId result = node.results.front();
  const std::string base = graph_.value(result).name;
  const ir::Shape& shape = type(result).shape;
  if (!sizes_.follows(result)) return integers(base + ".shape", shape);
  std::vector<std::string> parts;
  ir::Ints fixed;
  const auto end_of_fixed = [&] {
    if (!fixed.empty()) parts.push_back(integers(base + ".sizes", fixed));
    fixed.clear();
  };
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    const int64_t factor = sizes_.factor(result, dim);
    if (factor == 0) {
      fixed.push_back(shape[dim]);
      continue;
    }
    end_of_fixed();
    std::string size = batch_size();
    if (factor != 1) size = step(node, "Mul", {size, integers(base + ".factor", {factor})}, "size");
    parts.push_back(size);
  }
  end_of_fixed();
  if (parts.size() == 1) return parts.front();
  std::string name = step(node, "Concat", parts, "shape");
  set_attribute(last(), "axis", int64_t{0});
  return name;
}

void OnnxWriter::describe(onnx::ValueInfoProto& info, const std::string& name,
                          ir::ValueId value) const {
  info.set_name(name);
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx_dtype(type(value).dtype));
  onnx::TensorShapeProto& shape = *tensor.mutable_shape();
  for (size_t dim = 0; dim < type(value).rank(); ++dim) {
    const int64_t factor = sizes_.factor(value, dim);
    onnx::TensorShapeProto::Dimension& size = *shape.add_dim();
    if (factor == 0) {
      size.set_dim_value(type(value).shape[dim]);
    } else {
      size.set_dim_param(factor == 1 ? "N" : fmt::format("{}*N", factor));
    }
  }
}

namespace {

// One for each alternative of ir::Attr.
struct AttributeSetter {
  onnx::AttributeProto& proto;

  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(double value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(static_cast<float>(value));
  }
  void operator()(bool value) const { (*this)(static_cast<int64_t>(value)); }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const ir::Enum& value) const { (*this)(value.word); }
  void operator()(ir::DType value) const { (*this)(static_cast<int64_t>(onnx_dtype(value))); }
  void operator()(const ir::Ints& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    for (int64_t value : values)
      proto.add_ints(value);
  }
  void operator()(const ir::Doubles& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    for (double value : values)
      proto.add_floats(static_cast<float>(value));
  }
  void operator()(const ir::Strings& values) const {
    proto.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& value : values)
      proto.add_strings(value);
  }
};

}  // namespace

void set_attribute(onnx::NodeProto& node, std::string_view name, const ir::Attr& value) {
  onnx::AttributeProto& proto = *node.add_attribute();
  proto.set_name(std::string(name));
  std::visit(AttributeSetter{proto}, value);
}

void set_attributes(onnx::NodeProto& proto, const ir::Node& node, std::span<const AttrName> names) {
  for (const AttrName& name : names) {
    const ir::Attr* attr = node.attrs.find(name.ir);
    LINNET_CHECK(attr != nullptr, fmt::format("{} has no '{}'", node.op->name, name.ir));
    set_attribute(proto, name.onnx, *attr);
  }
}

int32_t onnx_dtype(ir::DType dtype) {
  switch (dtype) {
  case ir::DType::kF32:
    return onnx::TensorProto::FLOAT;
  case ir::DType::kF64:
    return onnx::TensorProto::DOUBLE;
  case ir::DType::kF16:
    return onnx::TensorProto::FLOAT16;
  case ir::DType::kBF16:
    return onnx::TensorProto::BFLOAT16;
  case ir::DType::kI64:
    return onnx::TensorProto::INT64;
  case ir::DType::kI32:
    return onnx::TensorProto::INT32;
  case ir::DType::kI8:
    return onnx::TensorProto::INT8;
  case ir::DType::kU8:
    return onnx::TensorProto::UINT8;
  case ir::DType::kBool:
    return onnx::TensorProto::BOOL;
  }
  return onnx::TensorProto::UNDEFINED;
}

onnx::TensorProto onnx_tensor(const std::string& name, const ir::Tensor& tensor) {
  onnx::TensorProto proto;
  proto.set_name(name);
  proto.set_data_type(onnx_dtype(tensor.type().dtype));
  for (int64_t size : tensor.type().shape)
    proto.add_dims(size);
  const auto bytes = tensor.bytes();
  proto.set_raw_data(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return proto;
}

}  // namespace linnet::frontend
