// How each op of linnet is written in ONNX: one row an op, and what several ops are one op for.
#pragma once

#include "frontend/onnx/export/export_writer.h"

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace linnet::frontend {

struct ExportRow {
  const ir::OpDef* op = nullptr;
  std::string_view onnx = "";        // its name there; operands are in the same order
  std::vector<AttrName> attrs = {};  // attributes that only have another name
  // Where it is more than another name: writes the node or nodes.
  void (*write)(OnnxWriter&, const ExportRow&, const ir::Node&) = nullptr;
  std::string_view shape_attr = "";  // an attribute that repeats the result's shape
  // The dtype it is computed in, where ONNX does not have it for the operands'.
  ir::DType (*through)(ir::DType) = nullptr;
  std::string_view refused = "";  // why ONNX has nothing for it
};

[[nodiscard]] std::span<const ExportRow> export_rows();
// The row of an op; nullptr for ops that are written by their expansion or their formula, for those
// that are the identity at inference, for structure, and for what ONNX does not have.
[[nodiscard]] const ExportRow* export_row(const ir::OpDef& op);
[[nodiscard]] std::string_view shape_attr(const ir::OpDef& op);
void write_node(OnnxWriter& writer, const ir::Node& node);

// Several nodes, the last of which is `node`, that ONNX has one op for. The values it reads, and
// what writes it.
struct ExportPattern {
  std::vector<ir::ValueId> inputs;
  std::function<void(OnnxWriter&)> write;
};
// `uses`: how often each value is read.
[[nodiscard]] std::optional<ExportPattern> export_pattern(const ir::Graph& graph,
                                                          const BatchSizes& sizes,
                                                          const std::vector<int>& uses,
                                                          const ir::Node& node);

}  // namespace linnet::frontend
