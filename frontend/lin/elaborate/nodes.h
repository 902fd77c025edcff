// Nodes of the graph under construction, with a message at the text where one does not fit.
#pragma once

#include "frontend/lin/elaborate/report.h"
#include "frontend/lin/value.h"
#include "ir/builder.h"

#include <map>
#include <string>
#include <vector>

namespace linnet::frontend {

class Nodes {
public:
  // `next_stream`: the first free stream of random numbers.
  Nodes(Report& report, ir::Graph& graph, int64_t next_stream = 0)
      : report_(report), graph_(graph), next_stream_(next_stream) {}

  // A node's result, several as a tuple. `spans`: where each operand stands; `attr_spans`: where
  // the attributes do that were given. A number beside a tensor takes the tensor's type.
  Value create(const ir::OpDef& op, const std::vector<Value>& operands,
               const std::vector<Span>& spans, ir::Attrs attrs,
               const std::map<std::string, Span>& attr_spans, Span at);
  // Calls what a node gave by a name of the model; inputs and parameters keep theirs.
  void rename(const Value& value, const std::string& name);
  // Notes where the model declares an input, for messages about it.
  void declare_input(ir::ValueId value, Span at) { input_spans_[value.index] = at; }

  [[nodiscard]] const ir::Type& type(ir::ValueId value) const { return graph_.value(value).type; }
  // "a tensor f32[1,10]", "an integer".
  [[nodiscard]] std::string described(const Value& value) const;
  void note_origin(Diagnostic& diagnostic, const Value& value) const;
  [[nodiscard]] ir::Graph& graph() const { return graph_; }
  [[nodiscard]] int64_t next_stream() const { return next_stream_; }

private:
  std::vector<ir::ValueId> tensors_of(const ir::OpDef& op, const std::vector<Value>& operands,
                                      const std::vector<Span>& spans, ir::Builder& builder);

  Report& report_;
  ir::Graph& graph_;
  int64_t next_stream_;
  std::map<int32_t, Span> input_spans_;  // by value
};

}  // namespace linnet::frontend
