// The reference evaluator: every op by its record, in plain loops.
#pragma once

#include "ir/module.h"
#include "ir/op_def.h"

#include <span>
#include <vector>

namespace linnet::ir {

// Runs one graph of the module. `inputs` correspond to graph.inputs, slot inputs included.
// T is float (each operation rounded to f32), double (everything in f64, whatever the declared
// float type) or Bounded (f64 with error magnitudes). The graph must have been verified.
template <class T>
[[nodiscard]] std::vector<Array<T>> evaluate(const Module& module, const Graph& graph,
                                             std::span<const Array<T>> inputs);

template <class T> [[nodiscard]] Array<T> to_array(const Tensor& tensor);
// The results of one op on operands of `graph` that are constants or have no elements; in f64 if
// one of them is f64.
[[nodiscard]] std::vector<Tensor> evaluate_alone(const Graph& graph, const OpDef& op,
                                                 std::span<const ValueId> operands,
                                                 const Attrs& attrs);

// Rounds to the type's dtype.
template <class T> [[nodiscard]] Tensor to_tensor(const Array<T>& array);

}  // namespace linnet::ir
