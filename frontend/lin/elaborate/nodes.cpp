// Nodes of the graph under construction, with a message at the text where one does not fit.
#include "frontend/lin/elaborate/nodes.h"

#include "frontend/lin/elaborate/scope.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {

std::vector<ir::ValueId> Nodes::tensors_of(const ir::OpDef& op, const std::vector<Value>& operands,
                                           const std::vector<Span>& spans, ir::Builder& builder) {
  // A number beside a tensor has the tensor's type.
  ir::DType dtype = ir::DType::kF32;
  for (const Value& value : operands) {
    if (const auto* tensor = value.get<ir::ValueId>()) {
      dtype = graph_.value(*tensor).type.dtype;
      if (dtype != ir::DType::kBool) break;
    }
  }
  std::vector<ir::ValueId> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (const auto* tensor = operands[i].get<ir::ValueId>()) {
      values.push_back(*tensor);
    } else if (operands[i].is_number()) {
      if (!is_float(dtype) && operands[i].get<double>())
        report_.fail(spans[i], fmt::format("a tensor of {} and a number that is no integer",
                                           ir::name(dtype)));
      values.push_back(
          builder.constant(ir::Tensor::splat({dtype, {}, {}}, operands[i].number()), "number"));
    } else {
      report_.fail(spans[i],
                   fmt::format("{} takes tensors, not {}", op.name, described(operands[i])));
    }
  }
  return values;
}

Value Nodes::create(const ir::OpDef& op, const std::vector<Value>& operands,
                    const std::vector<Span>& spans, ir::Attrs attrs,
                    const std::map<std::string, Span>& attr_spans, Span at) {
  // Every application draws numbers of its own.
  if (std::ranges::find(op.attrs, "stream", &ir::AttrDef::name) != op.attrs.end() &&
      !attrs.find("stream"))
    attrs.set("stream", next_stream_++);
  ir::Builder builder = ir::Builder(graph_).at(report_.place(at));
  const std::vector<ir::ValueId> values = tensors_of(op, operands, spans, builder);
  auto results = builder.try_create(op, values, std::move(attrs), op.name);
  if (results) {
    if (results->size() == 1) return {results->front()};
    Tuple tuple;
    for (ir::ValueId result : *results)
      tuple.values.push_back({result});
    return {tuple};
  }
  const ir::OpError& why = results.error();
  Span where = at;
  if (why.operand >= 0 && static_cast<size_t>(why.operand) < spans.size() &&
      spans[static_cast<size_t>(why.operand)].end != 0) {
    where = spans[static_cast<size_t>(why.operand)];
  }
  if (const auto span = attr_spans.find(why.attr); span != attr_spans.end()) where = span->second;
  const bool named = why.message.starts_with(op.name);
  auto& diagnostic =
      report_.error(where, named ? why.message : fmt::format("{}: {}", op.name, why.message));
  diagnostic.help(why.remedy);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::ranges::find(values.begin(), values.begin() + static_cast<ptrdiff_t>(i), values[i]) ==
        values.begin() + static_cast<ptrdiff_t>(i))
      note_origin(diagnostic, {values[i]});
  }
  throw Abandon{};
}

void Nodes::rename(const Value& value, const std::string& name) {
  const auto* tensor = value.get<ir::ValueId>();
  if (tensor && graph_.producer(*tensor)) graph_.rename(*tensor, name);
}

std::string Nodes::described(const Value& value) const {
  if (const auto* tensor = value.get<ir::ValueId>())
    return "a tensor " + to_string(graph_.value(*tensor).type);
  return kind_of(value);
}

void Nodes::note_origin(Diagnostic& diagnostic, const Value& value) const {
  const auto* tensor = value.get<ir::ValueId>();
  if (!tensor) return;
  const ir::Node* node = graph_.producer(*tensor);
  const auto input = input_spans_.find(tensor->index);
  if (input != input_spans_.end()) {
    diagnostic.note(input->second,
                    fmt::format("{} is declared here", to_string(graph_.value(*tensor).type)));
  }
  if (node && !node->place.spans.empty())
    diagnostic.note(node->place.spans.front(),
                    fmt::format("{} comes from here", to_string(graph_.value(*tensor).type)));
}

}  // namespace linnet::frontend
