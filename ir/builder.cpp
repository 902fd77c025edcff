// Checks a node against its op's record, folds what is constant, appends it to the graph.
#include "ir/builder.h"

#include "ir/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

std::string count_error(const OpDef& op, std::span<const Type* const> operands) {
  const auto given = std::ranges::count_if(operands, [](const Type* type) { return type; });
  const size_t most = op.operands.size();
  const size_t least = static_cast<size_t>(std::ranges::count_if(
      op.operands, [](const OperandDef& operand) { return !operand.optional; }));
  const bool variadic = most != 0 && op.operands.back().variadic;
  std::vector<std::string_view> names;
  for (const OperandDef& operand : op.operands)
    names.push_back(operand.name);
  return fmt::format(
      "{} takes {}{} operand{} ({}{}), {} given", op.name, variadic ? "at least " : "",
      variadic || least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most),
      least == 1 && most <= 1 ? "" : "s", fmt::join(names, ", "), variadic ? " …" : "", given);
}

}  // namespace

OpFailure::OpFailure(const OpDef& op_given, OpError error_given)
    : InternalError(fmt::format("{}: {}", op_given.name, error_given.message)), op(&op_given),
      error(std::move(error_given)) {}

OpResult<std::vector<Type>> infer(const OpDef& op, std::span<const Type* const> operands,
                                  const Attrs& attrs) {
  LINNET_CHECK(op.infer != nullptr, fmt::format("{} is structural", op.name));
  const bool variadic = !op.operands.empty() && op.operands.back().variadic;
  if (operands.size() > op.operands.size() && !variadic) {
    return op_error(count_error(op, operands), static_cast<int>(op.operands.size()));
  }
  for (size_t i = 0; i < op.operands.size(); ++i) {
    if (!op.operands[i].optional && (i >= operands.size() || !operands[i])) {
      return op_error(count_error(op, operands));
    }
  }
  auto types = op.infer({operands, attrs});
  if (!types) return types;
  for (const Type& type : *types) {
    if (!valid(type.shape, type.dtype)) {
      return op_error(fmt::format("{}: the result {} is too large (at most {} bytes, rank {})",
                                  op.name, to_string(type), kMaxBytes, kMaxRank));
    }
  }
  return types;
}

NodeId Builder::append(Node node, const std::vector<Type>& types,
                       const std::vector<std::string>& names) {
  node.place = place_;
  return graph_->append(std::move(node), types, names);
}

bool Builder::folds(const OpDef& op, std::span<const ValueId> operands,
                    std::span<const Type> results) const {
  constexpr int64_t kMostBytes = 16 << 20;
  if (!folding_ || op.has(kRandom) || op.has(kStructural) || operands.empty()) return false;
  // What takes long (sums of products, windows) waits for those who asked for it.
  if (op.has(kAnchor) || op.has(kPool)) return false;
  int64_t bytes = 0;
  for (const Type& type : results)
    bytes += type.stored_bytes();
  for (ValueId operand : operands)
    bytes += operand ? type(operand).stored_bytes() : 0;
  if (bytes > kMostBytes) return false;
  return std::ranges::all_of(operands, [&](ValueId operand) {
    const Node* node = operand ? graph_->producer(operand) : nullptr;
    return !operand || (node && node->tensor && !node->attrs.get_or(kOpaque, false));
  });
}

OpResult<std::vector<ValueId>> Builder::try_create(const OpDef& op, std::vector<ValueId> operands,
                                                   Attrs attrs, std::string_view name) {
  while (!operands.empty() && !operands.back())
    operands.pop_back();
  LINNET_TRY_ASSIGN(auto complete, complete_attrs(op, std::move(attrs)));
  std::vector<const Type*> types;
  for (ValueId operand : operands)
    types.push_back(operand ? &type(operand) : nullptr);
  LINNET_TRY_ASSIGN(auto results, infer(op, types, complete));
  if (folds(op, operands, results)) {
    std::vector<ValueId> constants;
    for (Tensor& tensor : evaluate_alone(*graph_, op, operands, complete))
      constants.push_back(constant(std::move(tensor), constants.empty() ? name : ""));
    return constants;
  }
  Node node;
  node.op = &op;
  node.operands = std::move(operands);
  node.attrs = std::move(complete);
  const NodeId id = append(std::move(node), results, {std::string(name)});
  return graph_->node(id).results;
}

ValueId Builder::create(const OpDef& op, std::vector<ValueId> operands, Attrs attrs,
                        std::string_view name) {
  auto results = try_create(op, std::move(operands), std::move(attrs), name);
  if (!results) throw OpFailure(op, std::move(results.error()));
  return results->front();
}

ValueId Builder::constant(Tensor tensor, std::string_view name, bool opaque) {
  Node node;
  node.op = &ops::constant;
  node.attrs.set(kOpaque, opaque);
  Type type = tensor.type();
  type.layout = {};
  node.tensor = std::move(tensor);
  return graph_->node(append(std::move(node), {type}, {std::string(name)})).results.front();
}

std::vector<ValueId> Builder::group(Graph body, std::vector<ValueId> operands,
                                    std::optional<Schedule> schedule,
                                    const std::vector<std::string>& names) {
  std::vector<Type> types;
  for (const GraphOutput& output : body.outputs)
    types.push_back(body.value(output.value).type);
  Node node;
  node.op = &ops::group;
  node.operands = std::move(operands);
  node.schedule = std::move(schedule);
  node.regions.push_back(std::move(body));
  return graph_->node(append(std::move(node), types, names)).results;
}

std::vector<ValueId> Builder::call(std::string kernel, std::vector<ValueId> operands,
                                   const std::vector<Type>& types,
                                   const std::vector<std::string>& names) {
  Node node;
  node.op = &ops::call;
  node.operands = std::move(operands);
  node.callee = std::move(kernel);
  return graph_->node(append(std::move(node), types, names)).results;
}

}  // namespace linnet::ir
