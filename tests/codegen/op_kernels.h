// Kernels of one op: elementwise ones of every type, and those of its cases in tests/ops/NAME.lir.
#pragma once

#include "base/io/file.h"
#include "ir/builder.h"
#include "ir/op_def.h"
#include "ir/read.h"
#include "passes/schedule/families.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linnet::codegen {

// A kernel of one op, on inputs of these types.
inline ir::Graph kernel_of(const ir::OpDef& op, const std::vector<ir::Type>& types,
                           ir::Attrs attrs = {}) {
  ir::Graph graph;
  graph.name = "k";
  graph.schedule = ir::Schedule{"generic", {}};
  std::vector<ir::ValueId> operands;
  for (const ir::Type& type : types)
    operands.push_back(graph.add_input("x", type));
  auto results = ir::Builder(graph).at(ir::Place::named("test")).try_create(op, operands, attrs);
  EXPECT_TRUE(results.has_value()) << op.name << ": " << results.error().message;
  graph.outputs.push_back({"", results->front(), ""});
  return graph;
}

// Operand types that an elementwise op takes: the first that fit its record.
inline std::vector<std::vector<ir::Type>> elementwise_types(const ir::OpDef& op) {
  std::vector<std::vector<ir::Type>> fits;
  for (ir::DType dtype : {ir::DType::kF32, ir::DType::kF64, ir::DType::kI64, ir::DType::kI32,
                          ir::DType::kI8, ir::DType::kU8, ir::DType::kBool}) {
    std::vector<ir::Type> types;
    for (size_t i = 0; i < op.operands.size(); ++i) {
      const bool condition = op.operands[i].name == "condition";
      types.push_back({condition ? ir::DType::kBool : dtype,
                       i % 2 == 0 ? ir::Shape{3, 1, 37} : ir::Shape{2, 37},
                       {}});
    }
    std::vector<const ir::Type*> pointers;
    for (const ir::Type& type : types)
      pointers.push_back(&type);
    const auto attrs = ir::complete_attrs(op, {});
    if (attrs && ir::infer(op, pointers, *attrs)) fits.push_back(types);
  }
  return fits;
}

inline std::vector<const ir::OpDef*> elementwise_ops() {
  std::vector<const ir::OpDef*> ops;
  for (const ir::OpDef* op : ir::all_ops()) {
    if (op->scalar) ops.push_back(op);
  }
  return ops;
}
// The modules of a file of cases; those that must be refused are left out.
inline std::vector<ir::Module> cases_of(std::string_view op) {
  const auto bytes =
      read_file(std::string(LINNET_SOURCE_DIR) + "/tests/ops/" + std::string(op) + ".lir");
  EXPECT_TRUE(bytes.has_value()) << op;
  std::string text(bytes->begin(), bytes->end());
  const std::string separator = "// -----\n";
  std::vector<ir::Module> modules;
  for (size_t at = 0; at != std::string::npos;) {
    const size_t next = text.find(separator, at);
    const std::string one = text.substr(at, next - at);
    at = next == std::string::npos ? next : next + separator.size();
    if (one.find("// error:") != std::string::npos) continue;
    SourceManager sources;
    Diagnostics diagnostics(sources);
    auto module = ir::read(sources.add("case.lir", one), {}, diagnostics);
    EXPECT_TRUE(module.has_value()) << diagnostics.text();
    if (module) modules.push_back(std::move(*module));
  }
  return modules;
}

// The generic kernels of an op's cases.
inline std::vector<ir::Graph> case_kernels(const ir::OpDef& op) {
  std::vector<ir::Graph> kernels;
  for (const ir::Module& module : cases_of(op.name)) {
    ir::Graph kernel = module.graphs.front();
    // Lists that are constants are tables of the product, which no kernel holds; nothing is called
    // for what has no elements.
    const bool empty = std::ranges::any_of(
        kernel.values(), [](const ir::Value& value) { return value.type.elements() == 0; });
    if (empty || !passes::family(passes::kGeneric).fits(kernel).empty()) continue;
    kernel.name = "k";
    kernel.schedule = ir::Schedule{std::string(passes::kGeneric), {}};
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

inline std::vector<const ir::OpDef*> kernel_ops() {
  std::vector<const ir::OpDef*> ops;
  std::ranges::copy_if(ir::all_ops(), std::back_inserter(ops),
                       [](const ir::OpDef* op) { return ir::has_kernel(*op); });
  return ops;
}

}  // namespace linnet::codegen
