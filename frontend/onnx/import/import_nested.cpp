// Functions, and the graphs of If, Loop and Scan: their nodes take the place of the node.
#include "frontend/onnx/import/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace linnet::frontend {
namespace {

using ::onnx::FunctionProto;
using ::onnx::NodeProto;

// Nested functions and graphs; more are taken for a recursion.
constexpr size_t kMostCalls = 64;
// Attributes of a function's nodes that refer to those of its call.
void substitute(::onnx::GraphProto& graph, const NodeProto& call, const FunctionProto& function);
void substitute(NodeProto& node, const NodeProto& call, const FunctionProto& function) {
  auto& attributes = *node.mutable_attribute();
  for (int i = attributes.size(); i-- > 0;) {
    ::onnx::AttributeProto& attribute = *attributes.Mutable(i);
    if (attribute.has_g()) substitute(*attribute.mutable_g(), call, function);
    if (attribute.ref_attr_name().empty()) continue;
    const auto named = [&](const ::onnx::AttributeProto& a) {
      return a.name() == attribute.ref_attr_name();
    };
    const auto given = std::ranges::find_if(call.attribute(), named);
    const auto fallback = std::ranges::find_if(function.attribute_proto(), named);
    const std::string name = attribute.name();
    if (given != call.attribute().end()) {
      attribute = *given;
      attribute.set_name(name);
    } else if (fallback != function.attribute_proto().end()) {
      attribute = *fallback;
      attribute.set_name(name);
    } else {
      attributes.DeleteSubrange(i, 1);
    }
  }
}
void substitute(::onnx::GraphProto& graph, const NodeProto& call, const FunctionProto& function) {
  for (NodeProto& node : *graph.mutable_node())
    substitute(node, call, function);
}

// An input that is left out is an empty name to the nodes that read it, nested ones too.
void clear_names(google::protobuf::RepeatedPtrField<NodeProto>& nodes,
                 const std::function<bool(const std::string&)>& left_out) {
  for (NodeProto& node : nodes) {
    for (std::string& input : *node.mutable_input()) {
      if (left_out(input)) input.clear();
    }
    for (::onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) clear_names(*attribute.mutable_g()->mutable_node(), left_out);
    }
  }
}

}  // namespace

const FunctionProto* OnnxImporter::local_function(const NodeProto& node) const {
  for (const FunctionProto& function : model_.functions()) {
    if (function.name() == node.op_type() && function.domain() == node.domain() &&
        function.overload() == node.overload())
      return &function;
  }
  return nullptr;
}

// The function's body in place of the node: names of its own, the node's place.
std::vector<ir::ValueId> OnnxImporter::call(const FunctionProto& function, const NodeProto& node,
                                            const std::vector<OnnxEntry*>& inputs, bool defined) {
  if (calls_.size() >= kMostCalls) {
    throw NodeFault{Status::kBadInput,
                    fmt::format("functions call each other more than {} deep: {}", kMostCalls,
                                fmt::join(calls_.end() - 3, calls_.end(), " → ")),
                    "a function may not lead back to itself"};
  }
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size()) {
    throw NodeFault{Status::kBadInput,
                    fmt::format("function {} takes {} inputs and gives {} outputs", function.name(),
                                function.input_size(), function.output_size()),
                    ""};
  }
  OnnxScope scope;
  for (const auto& set : function.opset_import())
    scope.opsets[domain_of(set.domain())] = set.version();
  if (scope.opsets.empty()) scope.opsets = root_.opsets;
  for (int i = 0; i < function.input_size(); ++i) {
    const size_t at = static_cast<size_t>(i);
    // The caller's entry itself: what the body makes of an initializer holds there too.
    if (at < inputs.size() && inputs[at])
      define(function.input(i), {std::shared_ptr<void>(), inputs[at]}, scope, "input");
  }
  const std::string outer = outer_place_;
  if (outer_place_.empty()) outer_place_ = place_of(node);
  calls_.push_back(function.name());
  bodies_.push_back(std::make_unique<FunctionProto>(function));
  FunctionProto& body = *bodies_.back();
  for (NodeProto& inner : *body.mutable_node())
    substitute(inner, node, function);
  const auto left_out = [&](const std::string& name) {
    return std::ranges::find(function.input(), name) != function.input().end() &&
           !scope.names.contains(name);
  };
  clear_names(*body.mutable_node(), left_out);
  const bool before = std::exchange(in_defined_function_, in_defined_function_ || defined);
  add_nodes(body.node(), scope);
  in_defined_function_ = before;
  calls_.pop_back();
  outer_place_ = outer;
  std::vector<ir::ValueId> results;
  for (int i = 0; i < node.output_size(); ++i) {
    OnnxEntry* entry = find(function.output(i), scope);
    if (!entry) {
      throw NodeFault{Status::kBadInput,
                      fmt::format("function {} makes no '{}'", function.name(), function.output(i)),
                      ""};
    }
    results.push_back(entry->unknown ? ir::ValueId() : value(*entry, InitializerUse::kParameter));
  }
  return results;
}

std::vector<ir::ValueId> OnnxImporter::inlined(const ::onnx::GraphProto& body,
                                               const std::vector<ir::ValueId>& inputs,
                                               const std::string& remedy) {
  if (calls_.size() >= kMostCalls) {
    throw NodeFault{Status::kUnsupported, fmt::format("graphs nest more than {} deep", kMostCalls),
                    ""};
  }
  if (++nodes_ > kMostNodes) throw too_many_nodes();  // a loop's round may have none
  OnnxScope scope;
  scope.outer = current_;
  scope.opsets = current_->opsets;
  if (static_cast<size_t>(body.input_size()) != inputs.size()) {
    throw NodeFault{Status::kBadInput,
                    fmt::format("the nested graph takes {} inputs, {} are given", body.input_size(),
                                inputs.size()),
                    ""};
  }
  for (int i = 0; i < body.input_size(); ++i)
    define(body.input(i).name(), OnnxEntry{inputs[static_cast<size_t>(i)], nullptr, false, ""},
           scope, "input");
  add_initializers(body, scope);
  calls_.push_back(body.name());
  OnnxScope* const before = std::exchange(current_, &scope);
  const std::string outer = outer_place_;
  const size_t errors = diagnostics_.all().size();
  remedies_.push_back(remedy);
  add_nodes(body.node(), scope);
  remedies_.pop_back();
  current_ = before;
  outer_place_ = outer;
  calls_.pop_back();
  std::vector<ir::ValueId> results;
  for (const auto& output : body.output()) {
    OnnxEntry* entry = find(output.name(), scope);
    if (!entry) {
      throw NodeFault{Status::kBadInput,
                      fmt::format("the nested graph makes no '{}'", output.name()), ""};
    }
    if (entry->unknown && diagnostics_.all().size() == errors)
      throw NodeFault{Status::kBadInput, "the nested graph depends on what is missing", ""};
    results.push_back(entry->unknown ? ir::ValueId() : value(*entry, InitializerUse::kParameter));
  }
  return results;
}

}  // namespace linnet::frontend
