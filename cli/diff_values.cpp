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

// What a value is called in A and in B, and which value of B it is compared with.
struct Name {
  std::string a, b, value;
  bool output = false;
};
// Values' names in B. Outputs go by what they are called, others by their node.
class Names {
public:
  Names(const Diff& diff, const ReadReport& a, const ReadReport& b)
      : values_(diff.structure.values) {
    const ReadReport::Graph *x = entry(a), *y = entry(b);
    if (!x || !y) return;
    a_outputs_ = static_cast<int64_t>(x->outputs.size());
    b_outputs_ = static_cast<int64_t>(y->outputs.size());
    for (const auto& [i, k] : port_pairs(x->outputs, y->outputs).both) {
      const Port &one = x->outputs[i], &other = y->outputs[k];
      outputs_[one.value].push_back({one.name, other.name, other.value, true});
    }
    for (const auto& [i, k] : port_pairs(x->inputs, y->inputs).both)
      inputs_[x->inputs[i].name] = y->inputs[k].name;
  }
  // What to compare an input, output or other value with; one value may be several outputs.
  [[nodiscard]] std::string input(const std::string& name) const {
    const auto at = inputs_.find(name);
    return at == inputs_.end() ? "" : at->second;
  }
  [[nodiscard]] std::vector<Name> of(const std::string& name, bool input) const {
    if (const auto at = outputs_.find(name); at != outputs_.end()) return at->second;
    const auto at = values_.find(name);
    if (input || at == values_.end()) return {};
    return {{"%" + name, "%" + at->second, at->second}};
  }
  [[nodiscard]] int64_t a_outputs() const { return a_outputs_; }
  [[nodiscard]] int64_t b_outputs() const { return b_outputs_; }

private:
  const std::map<std::string, std::string>& values_;
  std::map<std::string, std::vector<Name>> outputs_;  // by the value in A
  std::map<std::string, std::string> inputs_;
  int64_t a_outputs_ = 0, b_outputs_ = 0;
};

std::string pair_of(const ValueDiff& value) {
  return value.a == value.b ? value.a : value.a + " and " + value.b;
}

// Walks over the values of A beside those of B.
template <class Value, class Compare>
ValuesDiff compare_all(const Names& names, std::span<const Value> a, std::span<const Value> b,
                       Compare&& compare) {
  ValuesDiff result;
  result.a_outputs = names.a_outputs();
  result.b_outputs = names.b_outputs();
  for (const Value& one : a) {
    for (const Name& name : names.of(one.name, one.input)) {
      const auto other = std::ranges::find(b, name.value, &Value::name);
      if (other == b.end()) continue;
      ValueDiff value;
      value.a = name.a;
      value.b = name.b;
      value.output = name.output;
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
    const double difference = std::isnan(x) == std::isnan(y) ? std::fabs(x - y) : INFINITY;
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
    take(what, x, y == b.kept.end() ? NAN : y->second);
  }
  for (const auto& [what, y] : b.kept) {
    if (!a.kept.contains(what)) take(what, NAN, y);
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
  count("NaN or infinite, compiled", a.departs ? 1 : 0, b.departs ? 1 : 0);
  return true;
}

// Why outputs of the two say nothing of the models; "": they do.
template <class Value>
std::string other_inputs(const Names& names, std::span<const Value> a, std::span<const Value> b) {
  const auto x = inputs_of(a), y = inputs_of(b);
  if (x.size() != y.size()) return "one has other inputs";
  for (const Value* one : x) {
    const auto other = std::ranges::find(y, names.input(one->name), &Value::name);
    if (other == y.end()) return "one has other inputs";
    ValueDiff value;
    if (!compare(*one, **other, value)) return "one has inputs of other shapes";
    if (value.relative > kSame)
      return "they were called with other inputs; --input gives both the same";
  }
  return "";
}

template <class Value>
ValuesDiff compared(const Diff& diff, const ReadReport& a, const ReadReport& b,
                    std::span<const Value> x, std::span<const Value> y) {
  ValuesDiff result;
  const Names names(diff, a, b);
  result.why_not = other_inputs(names, x, y);
  if (!result.why_not.empty()) return result;
  return compare_all<Value>(names, x, y,
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
