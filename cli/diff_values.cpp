// Compares values of two models that correspond to each other.
#include "cli/diff.h"

#include "driver/difference.h"
#include "driver/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::cli {
namespace {

using Port = ReadReport::Port;

// Inputs this near are the same, rounded to f32 for one and to f64 for the other.
constexpr double kSame = 1e-6;

// Of the graph that numbers are of.
const ReadReport::Graph* entry(const ReadReport& report) {
  const auto at = std::ranges::find(report.graphs, "graph", &ReadReport::Graph::kind);
  return at == report.graphs.end() ? nullptr : &*at;
}

// A value's name in B. Outputs go by what they are called, others by their node.
class Names {
public:
  Names(const Diff& diff, const ReadReport& a, const ReadReport& b)
      : values_(diff.structure.values) {
    const ReadReport::Graph *x = entry(a), *y = entry(b);
    if (!x || !y) return;
    for (size_t i = 0; i < x->outputs.size(); ++i) {
      const Port& output = x->outputs[i];
      auto other = std::ranges::find(y->outputs, output.name, &Port::name);
      if (other == y->outputs.end() && x->outputs.size() == y->outputs.size())
        other = y->outputs.begin() + static_cast<std::ptrdiff_t>(i);
      if (other == y->outputs.end()) continue;
      outputs_[output.value] = {output.name, other->name, other->value};
    }
  }
  // "": there is none.
  [[nodiscard]] std::string in_b(const std::string& name) const {
    if (const auto output = outputs_.find(name); output != outputs_.end())
      return output->second.value;
    const auto at = values_.find(name);
    return at == values_.end() ? "" : at->second;
  }
  // How the two are called, and whether they are an output.
  void call(ValueDiff& value, const std::string& a, const std::string& b) const {
    const auto output = outputs_.find(a);
    value.output = output != outputs_.end();
    value.a = value.output ? output->second.a : "%" + a;
    value.b = value.output ? output->second.b : "%" + b;
  }

private:
  struct Output {
    std::string a, b, value;
  };
  const std::map<std::string, std::string>& values_;
  std::map<std::string, Output> outputs_;  // by the value in A
};

std::string pair_of(const ValueDiff& value) {
  return value.a == value.b ? value.a : value.a + " and " + value.b;
}

// Walks over the values of A beside those of B.
template <class Value, class Compare>
ValuesDiff compare_all(const Names& names, std::span<const Value> a, std::span<const Value> b,
                       Compare&& compare) {
  ValuesDiff result;
  for (const Value& one : a) {
    if (one.input) continue;
    const std::string name = names.in_b(one.name);
    const auto other = std::ranges::find(b, name, &Value::name);
    if (other == b.end()) continue;
    ValueDiff value;
    names.call(value, one.name, name);
    value.place = one.place;
    const bool comparable = compare(one, *other, value);
    if (!comparable) {
      result.other_shapes.push_back(pair_of(value));
      continue;
    }
    ++result.compared;
    result.outputs += value.output ? 1 : 0;
    if (value.absolute > 0) result.values.push_back(std::move(value));
  }
  return result;
}

template <class Value> std::vector<const Value*> inputs_of(std::span<const Value> values) {
  std::vector<const Value*> inputs;
  for (const Value& value : values) {
    if (value.input) inputs.push_back(&value);
  }
  return inputs;
}

bool compare(const ComputedValue& a, const ComputedValue& b, ValueDiff& value) {
  if (a.samples.size() != b.samples.size()) return false;
  driver::Difference difference;
  for (size_t i = 0; i < a.samples.size(); ++i) {
    if (a.samples[i].shape != b.samples[i].shape) return false;
    difference.add(static_cast<int64_t>(i), b.samples[i], a.samples[i]);
  }
  value.absolute = difference.absolute();
  value.relative = difference.relative();
  value.sample = difference.sample();
  value.element = difference.element();
  value.a_value = difference.theirs();
  value.b_value = difference.ours();
  return true;
}

// Reports keep range, mean, deviation and some elements; what is not finite they count.
bool compare(const ReadReport::Value& a, const ReadReport::Value& b, ValueDiff& value) {
  if (a.count != b.count) return false;
  const auto take = [&](const std::string& what, double x, double y) {
    const double difference = std::fabs(x - y);
    if (difference <= value.absolute) return;
    value.absolute = difference;
    value.of = what;
    value.a_value = x;
    value.b_value = y;
  };
  double largest = 0;
  for (const auto& [what, x] : a.kept) {
    if (what == "min" || what == "max") largest = std::max(largest, std::fabs(x));
    const auto y = b.kept.find(what);
    if (y != b.kept.end()) take(what, x, y->second);
  }
  value.relative = largest > 0 ? value.absolute / largest : value.absolute;
  const auto count = [&](const char* what, int64_t x, int64_t y) {
    if (x == y) return;
    value.of = what;
    value.absolute = value.relative = INFINITY;
    value.a_value = static_cast<double>(x);
    value.b_value = static_cast<double>(y);
  };
  count("NaN", a.nans, b.nans);
  count("infinities", a.infinities, b.infinities);
  return true;
}

// Why outputs of the two say nothing of the models; "": they do.
template <class Value>
std::string other_inputs(std::span<const Value> a, std::span<const Value> b) {
  const auto x = inputs_of(a), y = inputs_of(b);
  if (x.size() != y.size()) return "one has other inputs";
  for (size_t i = 0; i < x.size(); ++i) {
    ValueDiff value;
    if (!compare(*x[i], *y[i], value)) return "one has inputs of other shapes";
    if (value.relative > kSame)
      return "they were called with other inputs; --input gives both the same";
  }
  return "";
}

template <class Value>
ValuesDiff compared(const Diff& diff, const ReadReport& a, const ReadReport& b,
                    std::span<const Value> x, std::span<const Value> y) {
  ValuesDiff result;
  result.why_not = other_inputs(x, y);
  if (!result.why_not.empty()) return result;
  return compare_all<Value>(Names(diff, a, b), x, y,
                            [](const Value& one, const Value& other, ValueDiff& value) {
                              return compare(one, other, value);
                            });
}

}  // namespace

const ValueDiff* ValuesDiff::first(double tolerance) const {
  const auto beyond = std::ranges::find_if(
      values, [&](const ValueDiff& value) { return !(value.relative <= tolerance); });
  if (beyond != values.end()) return &*beyond;
  return values.empty() ? nullptr : &values.front();
}

ValuesDiff values_diff(const Diff& diff, const ReadReport& a, const ReadReport& b,
                       std::span<const ComputedValue> computed_a,
                       std::span<const ComputedValue> computed_b) {
  ValuesDiff result = compared<ComputedValue>(diff, a, b, computed_a, computed_b);
  result.compiled = true;
  return result;
}

ValuesDiff values_diff(const Diff& diff, const ReadReport& a, const ReadReport& b) {
  return compared<ReadReport::Value>(diff, a, b, a.numbers->values, b.numbers->values);
}

}  // namespace linnet::cli
