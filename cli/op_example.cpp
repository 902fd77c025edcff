// Tries types and attributes from short lists until the op's record takes them.
#include "cli/op_example.h"

#include "ir/builder.h"

#include <functional>
#include <string>
#include <vector>

namespace linnet::cli {
namespace {

using ir::DType;
using ir::Type;

// In order of preference: what a person would draw on a blackboard first.
std::vector<Type> types_of_first_operand() {
  return {{DType::kF32, {1, 64}, {}},
          {DType::kF32, {1, 16, 12, 12}, {}},
          {DType::kBool, {1, 64}, {}},
          {DType::kF32, {1, 16, 6, 6}, {}},
          {DType::kI64, {}, {}}};
}

std::vector<Type> types_of_other_operands() {
  return {{DType::kF32, {1, 64}, {}},
          {DType::kF32, {64, 32}, {}},
          {DType::kF32, {16, 16, 3, 3}, {}},
          {DType::kF32, {64}, {}},
          {DType::kF32, {1, 16, 12, 12}, {}},
          {DType::kBool, {1, 64}, {}},
          {DType::kI64, {1}, {}},
          {DType::kI64, {}, {}},
          {DType::kI32, {1, 16, 6, 6}, {}}};
}

std::vector<ir::Attr> values_of(const ir::AttrDef& def) {
  if (std::holds_alternative<DType>(def.default_value)) return {DType::kI32};
  if (!std::holds_alternative<ir::Ints>(def.default_value)) return {def.default_value};
  if (def.length > 0) return {ir::Ints(def.length, 2), ir::Ints(def.length, 12)};
  return {ir::Ints{2, 64}, ir::Ints{64}, ir::Ints{0, 1}, ir::Ints{1, 64}, ir::Ints{1, 1, 1, 1}};
}

// What is chosen so far, and the search for the rest.
class Search {
public:
  explicit Search(const ir::OpDef& op) : op_(op) {}

  bool attributes(size_t at) {
    if (at == op_.attrs.size()) return operands(0);
    const ir::AttrDef& def = op_.attrs[at];
    if (!def.required) return attributes(at + 1);
    for (const ir::Attr& value : values_of(def)) {
      given_.set(def.name, value);
      if (attributes(at + 1)) return true;
    }
    return false;
  }

  [[nodiscard]] ir::Module module() const {
    ir::Module module;
    module.name = "example";
    module.graphs.emplace_back();
    ir::Graph& graph = module.graphs.front();
    graph.name = "predict";
    ir::Builder builder(graph);
    std::vector<ir::ValueId> operands;
    for (size_t i = 0; i < types_.size(); ++i) {
      const std::string name(op_.operands[std::min(i, op_.operands.size() - 1)].name);
      const bool weight = op_.has(ir::kAnchor) && i > 0 && ir::is_float(types_[i].dtype);
      if (weight) {
        const std::vector<double> zeros(static_cast<size_t>(types_[i].elements()));
        operands.push_back(
            builder.constant(ir::Tensor::from_doubles(types_[i], zeros), name, true));
      } else {
        operands.push_back(graph.add_input(name, types_[i]));
      }
    }
    graph.outputs.push_back({"y", builder.create(op_, operands, given_, "y"), ""});
    return module;
  }

private:
  // An optional operand is left out; a list of operands has two.
  bool operands(size_t at) {
    if (at == op_.operands.size()) return fits();
    const ir::OperandDef& def = op_.operands[at];
    if (def.optional) return operands(at + 1);
    for (const Type& type : at == 0 ? types_of_first_operand() : types_of_other_operands()) {
      const size_t before = types_.size();
      types_.insert(types_.end(), def.variadic ? 2 : 1, type);
      if (operands(at + 1)) return true;
      types_.resize(before);
    }
    return false;
  }

  [[nodiscard]] bool fits() const {
    const auto attrs = ir::complete_attrs(op_, given_);
    if (!attrs) return false;
    std::vector<const Type*> pointers;
    for (const Type& type : types_)
      pointers.push_back(&type);
    const auto results = ir::infer(op_, pointers, *attrs);
    return results && results->front().elements() > 0;
  }

  const ir::OpDef& op_;
  ir::Attrs given_;
  std::vector<Type> types_;
};

}  // namespace

std::optional<ir::Module> op_example(const ir::OpDef& op) {
  if (op.has(ir::kStructural)) return std::nullopt;
  Search search(op);
  if (!search.attributes(0)) return std::nullopt;
  return search.module();
}

}  // namespace linnet::cli
