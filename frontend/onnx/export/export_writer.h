// The graph of an ONNX file while it is written: names, initializers, nodes.
#pragma once

#include "frontend/onnx/export/export_batch.h"
#include "ir/module.h"
#include "ir/op_def.h"

#include <onnx-ml.pb.h>

#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace linnet::frontend {

// One attribute under its other name.
struct AttrName {
  std::string_view ir, onnx;
};

class OnnxWriter {
public:
  OnnxWriter(const ir::Graph& graph, const BatchSizes& sizes, onnx::GraphProto& proto);

  [[nodiscard]] const ir::Graph& graph() const { return graph_; }
  [[nodiscard]] const BatchSizes& sizes() const { return sizes_; }
  [[nodiscard]] const ir::Type& type(ir::ValueId value) const { return graph_.value(value).type; }

  // A name nobody has yet in the file: `wanted`, or wanted_1, wanted_2 …
  [[nodiscard]] std::string unique(std::string_view wanted);
  // What a value is called in the file: `wanted`, made unique, where it is named for the first
  // time.
  void name(ir::ValueId value, std::string_view wanted);
  [[nodiscard]] const std::string& operator[](ir::ValueId value);

  // An initializer of this name, which `unique` or `name` has given.
  void initializer(const std::string& name, const ir::Tensor& tensor);
  // A list of integers, or one number of a dtype, that a node takes as an operand; its name.
  [[nodiscard]] std::string integers(std::string_view wanted, const ir::Ints& list);
  [[nodiscard]] std::string number(std::string_view wanted, ir::DType dtype, double value);

  // A node that makes the results of `node` from these inputs; named like its first result.
  onnx::NodeProto& add(const ir::Node& node, std::string_view op, std::vector<std::string> inputs);
  // A node on the way there, its result is NAME.step; the result's name.
  [[nodiscard]] std::string step(const ir::Node& node, std::string_view op,
                                 std::vector<std::string> inputs, std::string_view what);
  onnx::NodeProto& last() { return *proto_.mutable_node(proto_.node_size() - 1); }
  // The names of the node's operands.
  [[nodiscard]] std::vector<std::string> operands(const ir::Node& node);

  // The shape of the node's result as an operand: a constant, or computed where it follows the
  // batch.
  [[nodiscard]] std::string shape_of_result(const ir::Node& node);

  // An input, output or value in between with its type.
  void describe(onnx::ValueInfoProto& info, const std::string& name, ir::ValueId value) const;

private:
  // The batch size as a list of one integer.
  [[nodiscard]] std::string batch_size();

  const ir::Graph& graph_;
  const BatchSizes& sizes_;
  onnx::GraphProto& proto_;
  std::vector<std::string> names_;          // by value
  std::unordered_set<std::string> taken_;   // of values; membership only
  std::unordered_set<std::string> titles_;  // of nodes
  std::string batch_size_;
};

// Is it a float, string, list …: as ONNX has it.
void set_attribute(onnx::NodeProto& node, std::string_view name, const ir::Attr& value);
// Those of the node, under ONNX's names.
void set_attributes(onnx::NodeProto& proto, const ir::Node& node, std::span<const AttrName> names);

[[nodiscard]] int32_t onnx_dtype(ir::DType dtype);
[[nodiscard]] onnx::TensorProto onnx_tensor(const std::string& name, const ir::Tensor& tensor);

}  // namespace linnet::frontend
