// Reductions over dimensions: sum, mean, amax, amin, prod share all but the arithmetic.
#pragma once

#include "ir/gradient.h"

namespace linnet::ir {

inline constexpr Key<Ints> kDims{"dim"};
inline constexpr Key<bool> kKeepDim{"keepdim"};
inline constexpr Key<int64_t> kDim{"dim"};

// `dim` and `keepdim` as PyTorch has them; no dim means all.
[[nodiscard]] std::vector<AttrDef> reduction_attrs();

// Which dimensions `attrs` names, negative ones counted from the end; each at most once.
[[nodiscard]] OpResult<std::vector<bool>> reduced_dims(const Attrs& attrs, size_t rank);
// A single dimension of softmax and concat, negative counted from the end.
[[nodiscard]] OpResult<size_t> one_dim(const Attrs& attrs, size_t rank);

[[nodiscard]] OpResult<std::vector<Type>> infer_reduction(const InferContext& c, bool integers);

// The record of a reduction. `Rule` is its arithmetic for any number T, over the input in row-major
// order: first<T>(dtype), step(so_far, element), and finish(so_far, count); kIntegers: for int64_t
// too, the number of all integer dtypes.
template <class Rule>
[[nodiscard]] OpDef reduction(std::string_view name, std::string_view doc,
                              std::vector<ValueId> (*gradient)(const GradientContext&));

// The reduced dimensions, counted from the front.
[[nodiscard]] Ints reduced_list(const Attrs& attrs, size_t rank);
// A value of the result's shape with its reduced dimensions back as ones, so that it broadcasts
// against the input.
[[nodiscard]] Var with_reduced(const GradientContext& c, const Var& value);
// Of amax and amin: equal shares for all elements that are the extremum (torch.amax).
[[nodiscard]] std::vector<ValueId> extremum_gradient(const GradientContext& c);

// The count changes nothing for all but the mean.
struct UncountedRule {
  static constexpr bool kIntegers = true;
  template <class T> static T finish(T result, int64_t) { return result; }
};

// For each element of the input, which element of the result it belongs to, and how many each gets.
struct ReductionPlan {
  std::vector<size_t> target;
  int64_t count = 1;
};
[[nodiscard]] ReductionPlan reduction_plan(const Shape& input, const Attrs& attrs);

template <class Rule>
OpDef reduction(std::string_view name, std::string_view doc,
                std::vector<ValueId> (*gradient)(const GradientContext&)) {
  OpDef def;
  def.name = name;
  def.doc = doc;
  def.operands = {{"input"}};
  def.attrs = reduction_attrs();
  def.traits = kReduction;
  def.infer = [](const InferContext& c) { return infer_reduction(c, Rule::kIntegers); };
  def.gradient = gradient;
  def.evaluate = []<class T>(EvalContext<T>& c) {
    const Type& type = c.in(0).type;
    const ReductionPlan plan = reduction_plan(type.shape, c.attrs);
    const auto reduce = [&]<class Number>(const std::vector<Number>& in, std::vector<Number>& out) {
      out.assign(out.size(), Rule::template first<Number>(type.dtype));
      for (size_t i = 0; i < plan.target.size(); ++i)
        out[plan.target[i]] = Rule::step(out[plan.target[i]], in[i]);
      for (Number& value : out)
        value = Rule::finish(value, plan.count);
    };
    if (is_float(type.dtype)) {
      reduce(c.in(0).values, c.out().values);
    } else if constexpr (Rule::kIntegers) {
      reduce(c.in(0).ints, c.out().ints);
    }
  };
  return def;
}

}  // namespace linnet::ir
