// Runs a graph node by node: elementwise ops by their scalar tree, others by their record.
#include "ir/evaluate.h"

#include "ir/builder.h"
#include "ir/loop.h"
#include "ir/ops/shared/index.h"
#include "ir/scalar_math.h"

#include "ir/value_map.h"
#include "support/check.h"

#include <type_traits>

namespace linnet::ir {
namespace {

template <class T> double as_double(T value) {
  if constexpr (std::is_same_v<T, Bounded>) {
    return value.value;
  } else {
    return static_cast<double>(value);
  }
}

// Keeps the low bits of an integer that its dtype has; bool is 0 or 1.
int64_t wrapped(DType dtype, int64_t value) {
  switch (dtype) {
  case DType::kI32:
    return static_cast<int32_t>(static_cast<uint64_t>(value));
  case DType::kI8:
    return static_cast<int8_t>(static_cast<uint64_t>(value));
  case DType::kU8:
    return static_cast<uint8_t>(static_cast<uint64_t>(value));
  case DType::kBool:
    return value != 0;
  default:
    return value;
  }
}

template <class T> Array<T> allocate(const Type& type) {
  Array<T> array;
  array.type = type;
  array.type.layout = {};
  const size_t size = static_cast<size_t>(type.elements());
  if (is_float(type.dtype)) {
    array.values.assign(size, T(0));
  } else {
    array.ints.assign(size, 0);
  }
  return array;
}

// Element `at` of an operand as the number type the op computes in.
template <class Number, class T> Number element(const Array<T>& array, size_t at) {
  if constexpr (std::is_same_v<Number, int64_t>) {
    return array.holds_floats() ? static_cast<int64_t>(as_double(array.values[at]))
                                : array.ints[at];
  } else {
    return array.holds_floats() ? array.values[at] : Number(static_cast<double>(array.ints[at]));
  }
}

template <class Number, class T> void run_scalar(const ScalarExpr& expr, EvalContext<T>& c) {
  Array<T>& out = c.out();
  std::vector<std::vector<int64_t>> strides;
  for (const Array<T>* operand : c.operands) {
    strides.push_back(broadcast_strides(operand->type.shape, out.type.shape));
  }
  std::vector<Number> arguments(c.operands.size(), Number(0));
  size_t o = 0;
  for (Index at(out.type.shape); at.valid(); at.next(), ++o) {
    for (size_t i = 0; i < arguments.size(); ++i) {
      arguments[i] = element<Number>(c.in(i), offset_of(at.position(), strides[i]));
    }
    const Number value = scalar::evaluate<Number>(expr, arguments);
    if constexpr (std::is_same_v<Number, int64_t>) {
      out.ints[o] = wrapped(out.type.dtype, value);
    } else if (out.holds_floats()) {
      out.values[o] = value;
    } else {
      out.ints[o] = as_double(value) != 0;
    }
  }
}

template <class T> void evaluate_elementwise(const OpDef& op, EvalContext<T>& c) {
  bool floats = false;
  for (const Array<T>* operand : c.operands)
    floats = floats || operand->holds_floats();
  const ScalarExpr expr = op.scalar(c.attrs);
  if (floats) {
    run_scalar<T>(expr, c);
  } else {
    run_scalar<int64_t>(expr, c);
  }
}

template <class T> auto evaluation(const OpDef& op) {
  if constexpr (std::is_same_v<T, float>) {
    return op.evaluate.f32;
  } else if constexpr (std::is_same_v<T, double>) {
    return op.evaluate.f64;
  } else {
    return op.evaluate.bounded;
  }
}

// In f32 evaluation, half-precision storage rounds after every op; integers wrap always.
template <class T> void round_storage(Array<T>& array) {
  for (int64_t& value : array.ints)
    value = wrapped(array.type.dtype, value);
  if constexpr (std::is_same_v<T, float>) {
    if (array.type.dtype == DType::kF16) {
      for (float& value : array.values)
        value = from_f16(to_f16(value));
    } else if (array.type.dtype == DType::kBF16) {
      for (float& value : array.values)
        value = from_bf16(to_bf16(value));
    }
  }
}

// Element t of dimension 0.
template <class T> Array<T> part(const Array<T>& all, int64_t t) {
  Array<T> one;
  one.type = all.type;
  one.type.shape.erase(one.type.shape.begin());
  const auto size = static_cast<ptrdiff_t>(one.size());
  const auto cut = [&](const auto& from, auto& to) {
    if (!from.empty()) to.assign(from.begin() + t * size, from.begin() + (t + 1) * size);
  };
  cut(all.values, one.values);
  cut(all.ints, one.ints);
  return one;
}

template <class T>
std::vector<Array<T>> evaluate_loop(const Module& module, const Graph& graph, const Node& node,
                                    std::span<const Array<T>* const> operands) {
  const Loop loop = loop_of(node);
  const Graph& body = body_of(module, node);
  const auto states = static_cast<size_t>(loop.states);
  std::vector<Array<T>> inputs;
  for (const Array<T>* operand : operands)
    inputs.push_back(*operand);
  std::vector<Array<T>> results;
  for (ValueId result : node.results)
    results.push_back(allocate<T>(graph.value(result).type));
  for (int64_t i = 0; i < loop.steps; ++i) {
    const int64_t t = step_at(loop, i);
    for (size_t k = states; k < states + static_cast<size_t>(loop.scanned); ++k)
      inputs[k] = part(*operands[k], t);
    const std::vector<Array<T>> outputs = evaluate<T>(module, body, inputs);
    for (size_t k = 0; k < outputs.size(); ++k) {
      if (k < states) inputs[k] = outputs[k];
      if (!is_sequence(loop, k)) {
        results[k] = outputs[k];
        continue;
      }
      for (size_t at = 0; at < outputs[k].size(); ++at)
        results[k].copy(static_cast<size_t>(t) * outputs[k].size() + at, outputs[k], at);
    }
  }
  return results;
}

template <class T>
std::vector<Array<T>> evaluate_node(const Module& module, const Graph& graph, const Node& node,
                                    std::span<const Array<T>* const> operands) {
  auto nested = [&](const Graph& body) {
    std::vector<Array<T>> inputs;
    for (const Array<T>* operand : operands)
      inputs.push_back(*operand);
    return evaluate<T>(module, body, inputs);
  };
  if (node.tensor) return {to_array<T>(*node.tensor)};
  if (node.op == &ops::loop) return evaluate_loop<T>(module, graph, node, operands);
  if (!node.regions.empty()) return nested(node.regions.front());
  if (!node.callee.empty()) {
    const Graph* kernel = module.kernel(node.callee);
    LINNET_CHECK(kernel != nullptr, "no kernel @" + node.callee);
    return nested(*kernel);
  }
  std::vector<Array<T>> results;
  for (ValueId result : node.results)
    results.push_back(allocate<T>(graph.value(result).type));
  EvalContext<T> context{operands, results, node.attrs};
  if (node.op->scalar) {
    evaluate_elementwise(*node.op, context);
  } else {
    LINNET_CHECK(bool(node.op->evaluate), std::string(node.op->name) + " has no evaluation");
    evaluation<T> (*node.op)(context);
  }
  for (Array<T>& result : results)
    round_storage(result);
  return results;
}

}  // namespace

template <class T>
std::vector<Array<T>> evaluate(const Module& module, const Graph& graph,
                               std::span<const Array<T>> inputs) {
  LINNET_CHECK(inputs.size() == graph.inputs.size(), "inputs do not match the graph's");
  // Each array dies with its last use, so that large graphs fit.
  const auto users = graph.users();
  std::vector<size_t> remaining;
  for (const auto& list : users)
    remaining.push_back(list.size());
  ValueMap<Array<T>> arrays(graph);
  for (size_t i = 0; i < inputs.size(); ++i)
    arrays[graph.inputs[i].value] = inputs[i];
  for (const Node& node : graph.nodes()) {
    std::vector<const Array<T>*> operands;
    for (ValueId operand : node.operands)
      operands.push_back(operand ? &arrays[operand] : nullptr);
    std::vector<Array<T>> results = evaluate_node<T>(module, graph, node, operands);
    for (size_t i = 0; i < results.size(); ++i)
      arrays[node.results[i]] = std::move(results[i]);
    for (ValueId operand : node.operands) {
      if (operand && --remaining[static_cast<size_t>(operand.index)] == 0) arrays[operand] = {};
    }
  }
  std::vector<Array<T>> outputs;
  for (const GraphOutput& output : graph.outputs)
    outputs.push_back(arrays[output.value]);
  return outputs;
}

template <class T> Array<T> to_array(const Tensor& tensor) {
  Array<T> array;
  array.type = tensor.type();
  array.type.layout = {};
  if (array.holds_floats()) {
    const std::vector<double> values = tensor.as_doubles();
    array.values.reserve(values.size());
    for (double value : values)
      array.values.push_back(static_cast<T>(value));
  } else {
    array.ints = tensor.as_ints();
  }
  return array;
}

template <class T> Tensor to_tensor(const Array<T>& array) {
  Type type = array.type;
  type.layout = {};
  if (!array.holds_floats()) return Tensor::from_ints(type, array.ints);
  std::vector<double> values;
  values.reserve(array.values.size());
  for (const T& value : array.values)
    values.push_back(as_double(value));
  return Tensor::from_doubles(type, values);
}

namespace {

template <class T>
std::vector<Tensor> evaluated(const Graph& graph, const std::vector<Tensor>& operands) {
  std::vector<Array<T>> inputs;
  for (const Tensor& tensor : operands)
    inputs.push_back(to_array<T>(tensor));
  std::vector<Tensor> results;
  for (const Array<T>& array : evaluate<T>(Module{}, graph, inputs))
    results.push_back(to_tensor(array));
  return results;
}

}  // namespace

std::vector<Tensor> evaluate_alone(const Graph& graph, const OpDef& op,
                                   std::span<const ValueId> operands, const Attrs& attrs) {
  Graph alone;
  std::vector<Tensor> tensors;
  std::vector<ValueId> inputs;
  bool f64 = false;
  for (ValueId operand : operands) {
    if (!operand) {
      inputs.emplace_back();
      continue;
    }
    const Node* node = graph.producer(operand);
    const Type& type = graph.value(operand).type;
    const bool constant = node && node->tensor;
    LINNET_CHECK(constant || type.elements() == 0, "only constants are evaluated alone");
    tensors.push_back(constant ? *node->tensor : Tensor(type, {}));
    inputs.push_back(alone.add_input("", tensors.back().type()));
    f64 = f64 || type.dtype == DType::kF64;
  }
  auto results = Builder(alone).try_create(op, inputs, attrs);
  LINNET_CHECK(results.has_value(), std::string(op.name) + " of constants does not fit");
  for (ValueId result : *results)
    alone.outputs.push_back({"", result, ""});
  return f64 ? evaluated<double>(alone, tensors) : evaluated<float>(alone, tensors);
}

template std::vector<Array<float>> evaluate(const Module&, const Graph&,
                                            std::span<const Array<float>>);
template std::vector<Array<double>> evaluate(const Module&, const Graph&,
                                             std::span<const Array<double>>);
template std::vector<Array<Bounded>> evaluate(const Module&, const Graph&,
                                              std::span<const Array<Bounded>>);
template Array<float> to_array(const Tensor&);
template Array<double> to_array(const Tensor&);
template Array<Bounded> to_array(const Tensor&);
template Tensor to_tensor(const Array<float>&);
template Tensor to_tensor(const Array<double>&);
template Tensor to_tensor(const Array<Bounded>&);

}  // namespace linnet::ir
