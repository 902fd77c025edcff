// linnet debug MODEL --at VALUE: one value of a model, from its import to the compiled code.
#include "cli/build.h"
#include "cli/help.h"
#include "cli/samples.h"
#include "cli/text_table.h"
#include "driver/difference.h"
#include "driver/inspect.h"
#include "driver/reference.h"
#include "driver/values.h"
#include "ir/op_def.h"
#include "passes/lib/storage.h"
#include "passes/lib/view_root.h"
#include "runtime/answers/tensor_text.h"
#include "support/json_text.h"
#include "support/text.h"

#include "base/io/npy.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace linnet::cli {
namespace {

constexpr const char* kCompiled = "compiled";
// Farther from the value as imported, in f64, it is another one.
constexpr double kSame = 1e-6;
constexpr std::string_view kAnother = "another value of this name";

struct DebugOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  std::string at, after, output;
  bool json = false;
};

// The value at one point of its way.
struct Stage {
  std::string name;             // "imported", a phase, a pass, "compiled"
  std::string where;            // "in kernel @conv1_relu", "not there since pass fuse_pool", …
  std::optional<Tensor> value;  // of all samples; nullopt: it is not there
  driver::Difference error;     // from the value as imported

  [[nodiscard]] bool is_another() const { return value && error.relative() > kSame; }
};

CLI::Validator is_stage() {
  const CLI::Validator end = is_end();
  return CLI::Validator(
      [end](std::string& name) -> std::string {
        return name == kCompiled || name == passes::name(passes::Phase::kImported) ? "" : end(name);
      },
      "");
}

class Debugging {
public:
  Debugging(Session& session, const DebugOptions& options) : session_(session), options_(options) {}

  Status run() {
    if (!options_.model.spares(session_, options_.output)) return Status::kBadCall;
    const auto target = options_.model.find_target(session_);
    auto model = options_.model.open(session_, options_.pipeline);
    if (!target || !model || !find(*model)) return session_.diagnostics.status();
    const bool stacked = batched_ || passes::has_state(*module_);
    auto samples = samples_in_files(session_, options_.inputs, input_ports(*module_), stacked);
    if (!samples) return session_.diagnostics.status();
    samples_ = std::move(*samples);
    evaluate("imported", place_of(session_, graph(), value_), *module_, value_);
    if (!through_passes(*target) || !compiled(*target)) return session_.diagnostics.status();
    return give();
  }

private:
  [[nodiscard]] const ir::Graph& graph() const { return module_->graphs.front(); }
  [[nodiscard]] const ir::Value& value() const { return graph().value(value_); }

  // The module for one sample, and the value in it.
  bool find(driver::Model& model) {
    const int64_t batch = options_.model.batch.value_or(1);
    if (!model.at_batch(batch)) return false;
    batched_ = model.batched(batch);
    module_ = model.at_batch(batched_ ? 1 : batch);
    if (!module_) return false;
    const auto found = driver::value_called(*module_, options_.at);
    if (!found) {
      session_.error(fmt::format("--at {}: the model has no such value", options_.at),
                     Status::kBadCall, remedy());
      return false;
    }
    value_ = *found;
    for (size_t i = 0; i < graph().outputs.size(); ++i) {
      if (graph().outputs[i].value == value_) output_ = i;
    }
    return true;
  }

  [[nodiscard]] std::string remedy() const {
    const std::string near = did_you_mean(options_.at, driver::names_of_values(*module_));
    return near.empty() ? "`linnet dump` prints the model with the names of its values" : near;
  }

  // Of the value in a module of the pipeline: what the evaluator computes for every sample.
  void evaluate(std::string name, std::string where, const ir::Module& module, ir::ValueId value) {
    const Working working(session_, "evaluating " + name);
    const ir::Module alone = driver::with_only(module, value);
    driver::Reference reference(alone, options_.model.seed, driver::Precision::kF64);
    std::vector<Tensor> all;
    for (const Sample& sample : samples_)
      driver::append(all, 0, reference(sample).back());
    add({std::move(name), std::move(where), std::move(all.front()), {}});
  }

  void add(Stage stage) {
    const Tensor& first = stages_.empty() ? *stage.value : *stages_.front().value;
    if (stage.value) stage.error.add(0, *stage.value, first);
    stages_.push_back(std::move(stage));
  }

  // Where the value is in a module with groups and kernels written out; nullptr: it is not there.
  [[nodiscard]] const driver::Flat::Entry* in(const driver::Flat& flat) const {
    if (!output_) return flat.find(value().name, value().type);
    const ir::ValueId given = flat.module.graphs.front().outputs[*output_].value;
    const auto at = std::ranges::find_if(flat.entries, [&](const driver::Flat::Entry& entry) {
      return entry.value == given && entry.within.empty();
    });
    return at == flat.entries.end() ? nullptr : &*at;
  }

  void evaluate_after(std::string_view name, const ir::Module& module, const ir::Module* groups) {
    const driver::Flat flat = driver::flat(module, groups);
    const driver::Flat::Entry* entry = in(flat);
    if (!entry) {
      add({std::string(name), gone_since_, std::nullopt, {}});
      return;
    }
    const std::string within = entry->within.empty() ? ""
                               : entry->within.starts_with('@')
                                   ? "in kernel " + entry->within
                                   : "in the group of " + entry->within;
    evaluate(std::string(name), within, flat.module, entry->value);
    Stage& stage = stages_.back();
    if (stage.is_another()) stage.where += (within.empty() ? "" : ", ") + std::string(kAnother);
  }

  // Keeps what is asked for of each module on the way, then evaluates the value in it.
  bool through_passes(const codegen::Target& target) {
    struct End {
      std::string_view name;
      ir::Module module;
      std::string gone;
    };
    std::vector<End> ends;
    ir::Module before, groups;
    const auto keep = [&](const passes::Pass& pass, const ir::Module& module) {
      if (pass.name == "outline_kernels") groups = std::move(before);
      const ir::Module* grouped = groups.graphs.empty() ? nullptr : &groups;
      if (in(driver::flat(module, grouped))) {
        gone_since_.clear();
      } else if (gone_since_.empty()) {
        gone_since_ = fmt::format("not there since pass {}", pass.name);
      }
      const std::string_view phase = passes::name(pass.phase);
      if (!ends.empty() && ends.back().name == phase) ends.pop_back();
      ends.push_back({phase, module, gone_since_});
      if (pass.name == options_.after)
        ends.insert(ends.end() - 1, {pass.name, module, gone_since_});
      before = module;
    };
    const auto rows = passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned);
    auto module = *module_;
    if (!options_.pipeline.run(session_, std::move(module), target, options_.model.seed, rows,
                               keep))
      return false;
    for (const End& end : ends) {
      gone_since_ = end.gone;
      evaluate_after(end.name, end.module, groups.graphs.empty() ? nullptr : &groups);
    }
    return true;
  }

  // What a kernel stores, after each call.
  bool compiled(const codegen::Target& target) {
    driver::CompileOptions options = options_.build;
    options.seed = options_.model.seed;
    options.passes = options_.pipeline;
    const auto loaded = driver::Inspected::compile(*module_, target, options, session_.host);
    if (!loaded) return false;
    const ir::Graph& planned = loaded->module().graphs.front();
    const ir::ValueId id = output_ ? planned.outputs[*output_].value : planned.find(value().name);
    const Stage& last = stages_.back();
    const bool there = id && loaded->holds(id) && planned.value(id).type.same_logical(value().type);
    if (!there) {
      add({kCompiled,
           last.value && !last.where.empty() ? "not stored: " + last.where
           : last.value                      ? "not stored: a constant or an input"
                                             : last.where,
           std::nullopt,
           {}});
      return true;
    }
    std::vector<Tensor> all;
    for (const Sample& sample : samples_) {
      loaded->call(sample);
      driver::append(all, 0, loaded->value(id));
    }
    std::string where = "stored by " + maker(planned, id);
    if (last.is_another()) where += ", " + std::string(kAnother);
    add({kCompiled, std::move(where), std::move(all.front()), {}});
    return true;
  }

  // Who writes what a value of the plan lies in.
  [[nodiscard]] static std::string maker(const ir::Graph& planned, ir::ValueId id) {
    const ir::Node* node = planned.producer(passes::view_root(planned, id));
    if (!node) return "the caller";
    return node->callee.empty() ? std::string(node->op->name) : "kernel @" + node->callee;
  }

  Status give() {
    const std::string wanted = options_.after.empty()
                                   ? std::string(passes::name(passes::Phase::kImported))
                                   : options_.after;
    const auto stage = std::ranges::find(stages_, wanted, &Stage::name);
    if (stage == stages_.end() || !stage->value) {
      session_.error(fmt::format("--after {}: %{} is not there", wanted, value().name),
                     Status::kBadInput,
                     stage == stages_.end() ? "no such pass runs" : stage->where);
      return Status::kBadInput;
    }
    // The evaluator's numbers in the type that the value has in the model.
    const Tensor shown = converted(*stage->value, value().type.dtype);
    if (!options_.output.empty()) {
      const auto done = write_npy(options_.output, shown);
      if (!done) {
        session_.error(done.error().message, done.error().status);
        return Status::kMachine;
      }
    }
    options_.json ? print_json(wanted, shown) : print_text(shown);
    return Status::kDone;
  }

  void print_text(const Tensor& shown) const {
    TextTable table({"after", ">difference", ">relative", "where"});
    for (const Stage& stage : stages_) {
      const bool there = stage.value.has_value();
      table.row({stage.name, there ? fmt::format("{:.3g}", stage.error.absolute()) : "–",
                 there ? fmt::format("{:.3g}", stage.error.relative()) : "–", stage.where});
    }
    fmt::print("{}", table.text(terminal_columns()));
    if (options_.output.empty())
      fmt::print("\n{}", runtime::tensor_text(value().name, shown, nullptr));
  }

  void print_json(const std::string& wanted, const Tensor& shown) const {
    nlohmann::ordered_json stages = nlohmann::ordered_json::array();
    for (const Stage& stage : stages_) {
      nlohmann::ordered_json one = {
          {"after", stage.name}, {"there", stage.value.has_value()}, {"where", stage.where}};
      if (stage.value) {
        one["absolute"] = stage.error.absolute();
        one["relative"] = stage.error.relative();
      }
      stages.push_back(std::move(one));
    }
    runtime::TensorsJson values;
    values.add(value().name, shown, nullptr);
    nlohmann::ordered_json json = {
        {"value", value().name}, {"after", wanted}, {"stages", std::move(stages)}};
    // The values' text reads back to the same bits as it is.
    std::string text = json_text(json);
    text.pop_back();
    fmt::print("{},\"values\":{}}}\n", text, values.text().substr(0, values.text().size() - 1));
  }

  Session& session_;
  const DebugOptions& options_;
  const ir::Module* module_ = nullptr;  // at the end of phase `imported`, for one sample
  bool batched_ = false;
  ir::ValueId value_;
  std::optional<size_t> output_;  // which output of the graph it is
  std::vector<Sample> samples_;
  std::vector<Stage> stages_;
  std::string gone_since_;
};

}  // namespace

void add_debug(CLI::App& app, Session& session) {
  auto options = std::make_shared<DebugOptions>();
  CLI::App* command =
      app.add_subcommand("debug", "Print one value of a model, from its import to compiled code");
  command->footer("linnet debug lenet.lin --weights lenet.safetensors --input image=x.npy "
                  "--at relu");
  add_build(*command, session, options->model, options->pipeline, options->build);
  add_quiet(*command, session);
  command->add_option("--input", options->inputs, "Tensor of an input, or @0 by position")
      ->type_name("NAME=F.npy");
  command
      ->add_option("--at", options->at,
                   "A value by its name in `linnet dump`, an output, or an ONNX node")
      ->required()
      ->type_name("VALUE");
  command
      ->add_option("--after", options->after,
                   "Print it as it is after this phase or pass, or in compiled code, instead of "
                   "as imported")
      ->check(is_stage())
      ->type_name("PHASE|PASS|compiled");
  command
      ->add_option("-o,--output", options->output, "Write the value there instead of printing it")
      ->check(file_fault)
      ->type_name("F.npy");
  command->add_flag("--json", options->json, "Print the stages and the value for machines");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return Debugging(s, *options).run(); };
  });
}

}  // namespace linnet::cli
