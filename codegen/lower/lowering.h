// What the lowering of ops to Halide shares: values at positions, stages, physical layouts.
#pragma once

#include "codegen/object/target.h"
#include "ir/graph.h"
#include "ir/op_def.h"

#include <Halide.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

// One Expr for each logical dimension, outermost first.
using Position = std::vector<Halide::Expr>;

[[nodiscard]] Halide::Type halide_type(ir::DType dtype);
// A literal of the dtype; `value` must be exact in it or is rounded.
[[nodiscard]] Halide::Expr literal(ir::DType dtype, double value);

// The right side `value` of an update over `r`, so that it is made for every point of `r`. Halide
// loops over a domain only if the update mentions it, and one that reads the same elements at every
// point (of a broadcast_to, by indices that are all equal) does not.
[[nodiscard]] Halide::Expr at_every_point(const Halide::RDom& r, const Halide::Expr& value);

// A dimension of a kernel's buffer: positions min to min + extent - 1, elements between neighbours.
struct BufferDim {
  int extent = 1, stride = 1;
  int min = 0;
};
// Those of memory without gaps, innermost first.
[[nodiscard]] std::vector<BufferDim> dense_dims(const std::vector<int>& extents);
// The physical dimensions of a type, innermost first, where its first element is at 0.
[[nodiscard]] std::vector<BufferDim> buffer_dims(const ir::Type& type);

// Extents of a type's physical dimensions, innermost first; a blocked dimension gives two.
[[nodiscard]] std::vector<int> physical_extents(const ir::Type& type);
// Where logical position `at` is stored, innermost first.
[[nodiscard]] std::vector<Halide::Expr> physical_position(const ir::Type& type, const Position& at);

// Halide knows that an output has these extents, innermost first.
void bound_extents(Halide::Func& output, const std::vector<int>& extents);

// A Func computed on the way to an output: a reduction or anything worth storing.
struct Stage {
  Halide::Func func;  // arguments: logical dimensions, innermost first
  std::vector<Halide::Var> vars;
  std::vector<int> users = {};   // stages that read it; -1: an output
  bool updated = false;          // has an update definition (a sum)
  int64_t innermost_extent = 1;  // of the innermost dimension of more than one element,
  size_t along = 0;              // and which of `vars` that is
  int64_t elements = 1;
};

class Lowering {
public:
  Lowering(const ir::Graph& graph, const Target& target);

  [[nodiscard]] const ir::Graph& graph() const { return *graph_; }
  [[nodiscard]] const Target& target() const { return *target_; }
  [[nodiscard]] const ir::Type& type(ir::ValueId value) const { return graph_->value(value).type; }
  [[nodiscard]] const ir::Type& operand_type(const ir::Node& node, size_t i) const {
    return type(node.operands[i]);
  }

  // The element at a position within the shape.
  [[nodiscard]] Halide::Expr at(ir::ValueId value, const Position& position);
  // The same where the position may lie outside: `fallback` there, and nothing is read.
  [[nodiscard]] Halide::Expr at_or(ir::ValueId value, const Position& position,
                                   const Halide::Expr& fallback);

  // The sum-like reduction of a node as a stage over its result's shape:
  // f(pos) = first, then f(pos) = step(f(pos), pos, reduction variables) in the order of `extents`,
  // outermost first. Made once for each node; then the stage read at `position`.
  template <class First, class Step>
  Halide::Expr reduced(const ir::Node& node, const Position& position,
                       const std::vector<int64_t>& extents, First first, Step step) {
    return read(
        node, position,
        [&](const Position& pos, Halide::Func& func, const std::vector<Halide::Expr>& arguments) {
          func(arguments) = first(pos);
          if (extents.empty()) return false;
          Halide::Region bounds;  // Halide counts the first dimension fastest
          for (size_t i = extents.size(); i-- > 0;)
            bounds.push_back({0, static_cast<int>(extents[i])});
          Halide::RDom r(bounds);
          std::vector<Halide::Expr> at;
          for (size_t i = extents.size(); i-- > 0;)
            at.push_back(r[static_cast<int>(i)]);
          func(arguments) = at_every_point(r, step(func(arguments), pos, at));
          return true;
        });
  }

  // From now on `element` gives the elements of `value`: how a family computes its anchor its own
  // way.
  void define(ir::ValueId value, std::function<Halide::Expr(const Position&)> element) {
    defined_[value.index] = std::move(element);
  }

  // The bytes of an input or output, which have no halo, as an array of other extents, innermost
  // first.
  [[nodiscard]] Halide::ImageParam input_as(size_t index, const std::vector<int>& extents);
  void output_as(size_t index, const std::vector<int>& extents) {
    output_as(index, dense_dims(extents));
  }
  // An output as an array of other dimensions.
  void output_as(size_t index, std::vector<BufferDim> dims);
  [[nodiscard]] const std::vector<BufferDim>& output_dims(size_t index) const {
    return output_dims_[index];
  }

  // Inputs in order; outputs as Funcs over physical dimensions, scheduled by the generic family.
  [[nodiscard]] std::vector<Halide::ImageParam>& inputs() { return inputs_; }
  [[nodiscard]] Halide::Func output(size_t index);
  void schedule_output(Halide::Func output, const ir::Type& type);
  void schedule_stages();

private:
  using Definition =
      std::function<bool(const Position&, Halide::Func&, const std::vector<Halide::Expr>&)>;
  Halide::Expr read(const ir::Node& node, const Position& position, const Definition& define);
  Halide::ImageParam input_of(size_t index, const std::vector<BufferDim>& dims);
  Halide::Expr lower_node(const ir::Node& node, const Position& position);
  enum Level { kVector, kRow, kOnce };
  [[nodiscard]] int level(size_t stage) const;

  const ir::Graph* graph_;
  const Target* target_;
  std::vector<Halide::ImageParam> inputs_;
  std::map<int32_t, size_t> input_of_;  // by value
  std::map<int32_t, int> stage_of_;     // by value: made already
  std::map<int32_t, std::function<Halide::Expr(const Position&)>> defined_;
  std::vector<Stage> stages_;
  int current_ = -1;  // the stage being defined, -1: an output
  std::vector<Halide::Func> outputs_;
  std::vector<std::vector<BufferDim>> output_dims_;
  int64_t elements_ = 1;    // of the largest output
  size_t vector_loop_ = 0;  // the last output's loop of vectors
};

// How one op becomes an expression; elementwise ops do by their scalar tree.
struct OpLowering {
  const ir::OpDef* op;
  Halide::Expr (*lower)(Lowering&, const ir::Node&, const Position&);
};
[[nodiscard]] std::span<const OpLowering> lowerings();

}  // namespace linnet::codegen
