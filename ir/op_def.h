// The record of an op: all that linnet knows of it, in one place. Parser, printer, verifier,
// evaluator, passes, code generation and documentation read it; none switches over op names.
#pragma once

#include "base/result.h"
#include "ir/attr.h"
#include "ir/bounded.h"
#include "ir/graph.h"
#include "ir/scalar_expr.h"
#include "ir/type.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

// Why operands or attributes do not fit, and which of them to point at.
struct OpError {
  std::string message;  // "weight expects 6 input channels, value has 1"
  int operand = -1;     // index of the operand at fault, or -1
  std::string attr;     // the attribute at fault, or ""
  std::string remedy;   // what to do, or ""
};
template <class T> using OpResult = Result<T, OpError>;
[[nodiscard]] inline tl::unexpected<OpError>
op_error(std::string message, int operand = -1, std::string attr = "", std::string remedy = "") {
  return tl::unexpected(OpError{std::move(message), operand, std::move(attr), std::move(remedy)});
}

struct OperandDef {
  std::string_view name;
  std::string_view doc = "";
  bool optional = false;
  bool variadic = false;  // one or more; only the last operand
  bool running = false;   // a slot that a training step moves (OpDef::in_training)
};

struct AttrDef {
  std::string_view name;
  std::string_view doc = "";
  Attr default_value;     // its alternative is the attribute's type
  bool required = false;  // no default
  // Int lists: the length they must have (0: any). A single integer k means k everywhere, and
  // for length 4 (paddings: top, left, bottom, right) a pair [h, w] means [h, w, h, w].
  size_t length = 0;
  std::vector<std::string_view> words = {};  // of an Enum: the words allowed
};

// What passes may know of an op without knowing its name.
enum Trait : uint32_t {
  kElementwise = 1u << 0,   // has `scalar`; operands broadcast to the result's shape
  kAnchor = 1u << 1,        // a reduction worth a kernel of its own: epilogues grow on it
  kPool = 1u << 2,          // windows over the last two dimensions of a 4-D value
  kReduction = 1u << 3,     // reduces dimensions of its operand
  kDataMovement = 1u << 4,  // results are elements of operands, unchanged
  kView = 1u << 5,          // data movement that keeps the row-major order: same bytes
  kRandom = 1u << 6,        // depends on seed and step
  kStructural = 1u << 7,    // constant, group, call: of no model, and no kernel computes it
  kTrainingOnly = 1u << 8,  // the identity at inference (operand 0 → result 0)
  kCommutative = 1u << 9,   // operands 0 and 1 may be swapped
};

struct InferContext {
  std::span<const Type* const> operands;  // nullptr where an optional one is omitted
  const Attrs& attrs;

  [[nodiscard]] const Type& type(size_t i) const { return *operands[i]; }
  [[nodiscard]] bool has(size_t i) const { return i < operands.size() && operands[i] != nullptr; }
};

// A tensor in the evaluator, row-major: floats in `values`, integers and bool in `ints`.
template <class T> struct Array {
  Type type;
  std::vector<T> values;
  std::vector<int64_t> ints;

  [[nodiscard]] bool holds_floats() const { return is_float(type.dtype); }
  [[nodiscard]] size_t size() const { return static_cast<size_t>(type.elements()); }
  // Element `to` becomes element `at` of another array of this dtype.
  void copy(size_t to, const Array& from, size_t at) {
    if (holds_floats()) {
      values[to] = from.values[at];
    } else {
      ints[to] = from.ints[at];
    }
  }
};

// What an op's evaluation sees: T is float, double, or Bounded (f64 with error magnitude).
template <class T> struct EvalContext {
  std::span<const Array<T>* const> operands;  // nullptr where omitted
  std::span<Array<T>> results;                // allocated with the inferred types
  const Attrs& attrs;

  [[nodiscard]] const Array<T>& in(size_t i) const { return *operands[i]; }
  [[nodiscard]] bool has(size_t i) const { return i < operands.size() && operands[i] != nullptr; }
  [[nodiscard]] Array<T>& out(size_t i = 0) const { return results[i]; }
};

// One generic lambda `[]<class T>(EvalContext<T>& c) { … }` makes all three.
struct Evaluate {
  void (*f32)(EvalContext<float>&) = nullptr;
  void (*f64)(EvalContext<double>&) = nullptr;
  void (*bounded)(EvalContext<Bounded>&) = nullptr;

  constexpr Evaluate() = default;
  template <class F>
  constexpr Evaluate(F)
      : f32([](EvalContext<float>& c) { F{}(c); }), f64([](EvalContext<double>& c) { F{}(c); }),
        bounded([](EvalContext<Bounded>& c) { F{}(c); }) {}
  explicit operator bool() const { return f32 != nullptr; }
};

class Builder;
class GradientContext;
class TrainingContext;
struct Samples;  // ir/samples.h
struct SamplesContext;
// Where the samples of a batch lie in a result, or in words what mixes them.
using SamplesResult = Result<Samples, std::string>;

struct OpDef {
  std::string_view name;
  std::string_view doc;  // what it computes, with its formula's source
  std::vector<OperandDef> operands = {};
  std::vector<AttrDef> attrs = {};
  uint32_t traits = 0;
  // Result types, or a located error. Attributes are complete and typed when it is called.
  OpResult<std::vector<Type>> (*infer)(const InferContext&) = nullptr;
  // Plain loops: constant folding and test oracle.
  Evaluate evaluate = {};
  // Of elementwise ops: the value at one element, from the operands' elements.
  ScalarExpr (*scalar)(const Attrs&) = nullptr;
  // Of an op that is one elementary function y = f(x) (ir/scalar_ops.def): f'(x), made of y and x.
  ScalarExpr (*slope)(const ScalarExpr& y, const ScalarExpr& x) = nullptr;
  // Smaller ops that mean the same, or nullptr. `operands` and the result are values of the
  // builder's graph.
  std::vector<ValueId> (*expand)(Builder&, std::span<const ValueId> operands,
                                 const Attrs&) = nullptr;
  // The gradient of a scalar by each operand, none where it is 0 or not wanted, made of values of
  // the forward graph and the gradient by the result (ir/gradient.h). nullptr: by `scalar` or
  // `expand`; without these none passes.
  std::vector<ValueId> (*gradient)(const GradientContext&) = nullptr;
  // What the op is in a training step, where it is something else than at inference: the value that
  // takes its place (ir/training.h). nullptr: the same as at inference. Asked only where there are
  // random numbers, if the op is kTrainingOnly, and where its running operands are slots.
  ValueId (*in_training)(TrainingContext&) = nullptr;
  // Where the samples of a batch lie in the result when some operand has any (ir/samples.h).
  // nullptr: as the traits tell.
  SamplesResult (*samples)(const SamplesContext&) = nullptr;
  // Multiply-adds of one evaluation (a multiply-add counts two flops), or nullptr: none.
  int64_t (*multiply_adds)(const InferContext&, const Type& result) = nullptr;

  [[nodiscard]] bool has(Trait trait) const { return (traits & trait) != 0; }
};

// Every op, in the order of ir/ops.def.
[[nodiscard]] std::span<const OpDef* const> all_ops();
[[nodiscard]] const OpDef* find_op(std::string_view name);
// Is it a LINNET_KERNEL_OP: does any kernel compute it, element by element?
[[nodiscard]] bool has_kernel(const OpDef& op);

// Checks the attributes against the record, converts an integer where a double or a list is
// wanted, and fills in the defaults.
[[nodiscard]] OpResult<Attrs> complete_attrs(const OpDef& op, Attrs attrs);

// The records, by name: `ops::relu`.
namespace ops {
#define LINNET_OP(name) extern const OpDef name;
#include "ir/ops.def"
}  // namespace ops

}  // namespace linnet::ir
