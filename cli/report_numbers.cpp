// Evaluates a model in f64, calls it compiled, and writes down what each value is like.
#include "cli/report_numbers.h"

#include "cli/report_product.h"
#include "cli/report_values.h"
#include "cli/verify_nodes.h"
#include "driver/reference.h"
#include "driver/values.h"
#include "ir/loop.h"
#include "ir/op_def.h"
#include "ir/summary.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

// Of a model that is evaluated again after each pass, at most: half a second a pass.
constexpr double kEvaluatedWork = 2e7;

// Multiply-adds, twice, and elements of all nodes; of a loop in each of its steps.
double evaluated_work(const ir::Module& module, const ir::Graph& graph) {
  double work = 0;
  for (const ir::Node& node : graph.nodes()) {
    for (const ir::ValueId result : node.results)
      work += static_cast<double>(graph.value(result).type.elements());
    work += 2 * static_cast<double>(ir::multiply_adds(graph, node));
    if (node.op == &ir::ops::loop)
      work += static_cast<double>(ir::loop_of(node).steps) *
              evaluated_work(module, ir::body_of(module, node));
  }
  return work;
}

class NumbersWriter {
public:
  NumbersWriter(Session& session, const ReportNumbers& of, ReportSteps& steps)
      : session_(session), of_(of), steps_(steps), graph_(of.imported.graphs.front()),
        calls_(ir::calls_of(of.planned.graphs.front())) {}

  bool write(Json& report) {
    inner_ = InnerErrors::load(session_, of_.imported, of_.model, of_.pipeline, of_.build,
                               of_.samples.front());
    if (!inner_) return false;
    compute();
    Json values = Json::array();
    add_inputs(values);
    for (size_t i = 0; i < inner_->values().size(); ++i)
      add(values, inner_->values()[i], stored_by(i), inner_->is_stored(i) ? "product" : "cut",
          inner_->error(i), seen_[outputs_.size() + i], ours(outputs_.size() + i));
    size_t output = 0;
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      if (!graph_.outputs[i].slot.empty()) continue;
      const ir::ValueId planned = of_.planned.graphs.front().outputs[i].value;
      add(values, graph_.outputs[i].value, call_of(planned), "product", &outputs_[output],
          seen_[output], ours(output));
      ++output;
    }
    const std::string probe = fmt::format("probe, seed {}", of_.model.seed);
    report["numbers"] = {{"inputs", of_.given ? "given" : probe}, {"values", std::move(values)}};
    return true;
  }

private:
  // By the evaluator in f64 and by compiled code, sample after sample.
  void compute() {
    const Working working(session_, "evaluating", of_.samples.size());
    const ir::Module all = driver::with_outputs(of_.imported, inner_->values());
    driver::Reference reference(all, of_.model.seed, driver::Precision::kF64);
    for (size_t number = 0; number < of_.samples.size(); ++number) {
      const Sample& sample = of_.samples[number];
      const std::vector<Tensor> theirs = reference(sample);
      outputs_.resize(theirs.size() - inner_->values().size());
      seen_.resize(theirs.size());
      const auto at = static_cast<int64_t>(number);
      const auto& ours = inner_->add(at, sample, std::span(theirs).subspan(outputs_.size()));
      for (size_t i = 0; i < outputs_.size(); ++i)
        outputs_[i].add(at, ours[i], theirs[i]);
      for (size_t i = 0; i < theirs.size(); ++i)
        seen_[i].push_back(theirs[i]);
      if (of_.computed) keep(ours);
      session_.progress.done(number + 1);
    }
  }

  // Of the last sample: what compiled code gave, and what was on the way.
  void keep(const std::vector<Tensor>& outputs) {
    ours_.resize(seen_.size());
    for (size_t i = 0; i < ours_.size(); ++i)
      ours_[i].push_back(i < outputs.size() ? outputs[i] : inner_->computed(i - outputs.size()));
  }

  // The call that stored a value of the plan, or null.
  [[nodiscard]] Json call_of(ir::ValueId planned) const {
    const ir::ValueId root = passes::view_root(of_.planned.graphs.front(), planned);
    for (size_t i = 0; i < calls_.size(); ++i) {
      if (std::ranges::find(calls_[i]->results, root) != calls_[i]->results.end()) return i;
    }
    return {};
  }
  [[nodiscard]] Json stored_by(size_t i) const {
    const ir::ValueId planned =
        of_.planned.graphs.front().find(graph_.value(inner_->values()[i]).name);
    return inner_->is_stored(i) && planned ? call_of(planned) : Json();
  }

  void add_inputs(Json& values) {
    size_t port = 0;
    for (const ir::GraphInput& input : graph_.inputs) {
      if (!input.slot.empty()) continue;
      std::vector<Tensor> all;
      for (const Sample& sample : of_.samples)
        all.push_back(sample[port]);
      add(values, input.value, Json(), "reference", nullptr, all, &all);
      ++port;
    }
  }

  // Once, whatever it is besides.
  void add(Json& values, ir::ValueId id, Json call, std::string_view by,
           const driver::Difference* error, const std::vector<Tensor>& samples,
           const std::vector<Tensor>* computed) {
    if (!known_.insert(id).second) return;
    const ir::Value& value = graph_.value(id);
    const ir::Node* node = graph_.producer(id);
    const Json places = node ? steps_.places(node->place) : Json::array();
    Json json = {{"name", value.name},
                 {"type", ir::to_string(value.type)},
                 {"place", places.empty() ? Json() : places.front()},
                 {"call", std::move(call)},
                 {"by", by}};
    add_values(json, samples, value.type.shape, passes::has_state(of_.imported));
    if (error) {  // null: infinite, as one of the two is NaN or an infinity
      json["absolute"] = finite(error->absolute());
      json["relative"] = finite(error->relative());
    }
    values.push_back(std::move(json));
    if (of_.computed)
      of_.computed->push_back(
          {value.name, place_of(session_, graph_, id), by == "reference", *computed});
  }
  [[nodiscard]] const std::vector<Tensor>* ours(size_t i) const {
    return of_.computed ? &ours_[i] : nullptr;
  }

  Session& session_;
  const ReportNumbers& of_;
  ReportSteps& steps_;
  const ir::Graph& graph_;
  std::vector<const ir::Node*> calls_;  // of the plan
  std::unique_ptr<InnerErrors> inner_;
  std::vector<driver::Difference> outputs_;
  std::vector<std::vector<Tensor>> seen_;  // of outputs, then of inner values: in f64, by sample
  std::vector<std::vector<Tensor>> ours_;  // the same, compiled, where somebody asks for them
  std::set<ir::ValueId> known_;
};

}  // namespace

bool add_numbers(Session& session, Json& report, const ReportNumbers& of, ReportSteps& steps) {
  return NumbersWriter(session, of, steps).write(report);
}

std::optional<OutputErrors> OutputErrors::of(const ir::Module& imported, int64_t batch,
                                             const std::vector<Sample>& samples, uint64_t seed) {
  if (evaluated_work(imported, imported.graphs.front()) > kEvaluatedWork) return std::nullopt;
  OutputErrors result;
  for (int64_t i = 0; i < batch; ++i) {
    const Sample& sample = samples[static_cast<size_t>(i) % samples.size()];
    for (size_t port = 0; port < sample.size(); ++port)
      driver::append(result.sample_, port, sample[port]);
  }
  result.ports_ = output_ports(imported);
  result.seed_ = seed;
  result.expected_ = driver::Reference(imported, seed, driver::Precision::kF64)(result.sample_);
  return result;
}

Json OutputErrors::after(const ir::Module& module) const {
  const std::vector<Tensor> ours = driver::Reference(module, seed_)(sample_);
  Json errors = Json::array();
  for (size_t i = 0; i < ports_.size() && i < ours.size(); ++i) {
    driver::Difference difference;
    difference.add(0, ours[i], expected_[i]);
    errors.push_back({{"output", ports_[i].name},
                      {"absolute", finite(difference.absolute())},
                      {"relative", finite(difference.relative())}});
  }
  return errors;
}

}  // namespace linnet::cli
