// Appends nodes to a graph: completes attributes, infers types, keeps places.
#pragma once

#include "ir/graph.h"
#include "ir/op_def.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

// What Builder::create throws where operands or attributes do not fit: a bug, but in front ends
// that build what a model asks for, which catch it and say where.
class OpFailure : public InternalError {
public:
  OpFailure(const OpDef& op, OpError error);
  const OpDef* op;
  OpError error;
};

class Builder {
public:
  explicit Builder(Graph& graph) : graph_(&graph) {}
  // A builder of the same graph that evaluates what depends on constants alone, unless it is large
  // or takes long (sums of products, pools): a shape that a model computes is then known while it
  // is built.
  [[nodiscard]] Builder folding() const {
    Builder copy = *this;
    copy.folding_ = true;
    return copy;
  }
  // A builder of the same graph whose nodes get this place.
  [[nodiscard]] Builder at(Place place) const {
    Builder copy = *this;
    copy.place_ = std::move(place);
    return copy;
  }
  [[nodiscard]] Graph& graph() const { return *graph_; }
  [[nodiscard]] const Place& place() const { return place_; }

  // Appends `op`; operands may hold "none" for omitted optional ones. Front ends use this
  // and report the error; `name` is wished for the first result.
  OpResult<std::vector<ValueId>> try_create(const OpDef& op, std::vector<ValueId> operands,
                                            Attrs attrs = {}, std::string_view name = "");
  // The same where an error would be linnet's own, thrown as OpFailure; the first result.
  ValueId create(const OpDef& op, std::vector<ValueId> operands, Attrs attrs = {},
                 std::string_view name = "");

  // `opaque`: a value of an untrained parameter, which no pass may look into.
  ValueId constant(Tensor tensor, std::string_view name = "", bool opaque = false);
  // A group: `body`'s inputs correspond to the operands, its outputs to the results.
  std::vector<ValueId> group(Graph body, std::vector<ValueId> operands,
                             std::optional<Schedule> schedule,
                             const std::vector<std::string>& names);
  // A call of an outlined kernel with these result types.
  std::vector<ValueId> call(std::string kernel, std::vector<ValueId> operands,
                            const std::vector<Type>& types, const std::vector<std::string>& names);

  [[nodiscard]] const Type& type(ValueId value) const { return graph_->value(value).type; }

private:
  NodeId append(Node node, const std::vector<Type>& types, const std::vector<std::string>& names);
  [[nodiscard]] bool folds(const OpDef& op, std::span<const ValueId> operands,
                           std::span<const Type> results) const;

  Graph* graph_;
  bool folding_ = false;
  Place place_;
};

// Result types of `op`, after complete_attrs: checks operand count first.
[[nodiscard]] OpResult<std::vector<Type>>
infer(const OpDef& op, std::span<const Type* const> operands, const Attrs& attrs);

inline constexpr Key<bool> kOpaque{"opaque"};
// Of a call or a loop: where in the arena it works, and how many bytes; empty: it does not.
inline constexpr Key<Ints> kScratch{"scratch"};

}  // namespace linnet::ir
