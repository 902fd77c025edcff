// linnet run MODEL --input NAME=F.npy [--output-dir D]: compile in memory, run once.
#include "cli/build.h"
#include "cli/call.h"
#include "cli/tensor_files.h"
#include "codegen/emit/ports.h"
#include "driver/reference.h"
#include "ir/builder.h"
#include "ir/entries.h"
#include "passes/lib/storage.h"
#include "passes/training/backward.h"
#include "runtime/answers/tensor_text.h"
#include "support/text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>

namespace linnet::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  std::string output_dir;  // "": outputs are printed
  bool json = false;
  bool reference = false;
  std::string grad;  // of which output; "loss" of the train block
};

// Classes by output; nullptr where an output is none.
class OutputClasses {
public:
  explicit OutputClasses(const ir::Module& module) : ports_(codegen::ports_of(module)) {}
  [[nodiscard]] const linnet_classes_v1* of(size_t output) const {
    return output < ports_.outputs.size() ? ports_.outputs[output].abi().classes : nullptr;
  }

private:
  codegen::Ports ports_;
};

// Adds to the graph the gradients of the sum of an output's elements, or of the train block's loss,
// by every input and parameter of floats: outputs NAME.grad. nullopt, with the reason reported,
// otherwise.
std::optional<ir::Module> with_gradients(Session& session, ir::Module module,
                                         const std::string& of) {
  const bool loss = of == ir::kLoss && module.graph(ir::kEvaluate);
  if (loss) {  // the model as it is used, with its loss and targets
    ir::Graph evaluate = *module.graph(ir::kEvaluate);
    module.graphs = {std::move(evaluate)};
  } else {
    module.graphs.resize(1);
  }
  ir::Graph graph = passes::expand_for_gradient(module, module.graphs.front());
  std::vector<std::string> names;
  ir::ValueId root;
  for (const ir::GraphOutput& output : graph.outputs) {
    names.push_back(output.name);
    if (output.name == of && is_float(graph.value(output.value).type.dtype)) root = output.value;
  }
  if (!root) {
    session.error(fmt::format("--grad {}: the model has no such output of floats", of),
                  Status::kBadCall, did_you_mean(of, names));
    return std::nullopt;
  }
  std::vector<ir::ValueId> by;
  std::vector<std::string> paths;
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Value& value = graph.value(input.value);
    if (!is_float(value.type.dtype)) continue;
    by.push_back(input.value);
    paths.push_back(input.slot.empty() ? value.name : input.slot);
  }
  const passes::Gradients gradients = passes::append_gradients(graph, root, by);
  for (const passes::Blocked& blocked : gradients.blocked) {
    Diagnostic diagnostic;
    diagnostic.severity = Severity::kWarning;
    diagnostic.place = blocked.place.diag();
    diagnostic.message = blocked.message;
    session.diagnostics.report(std::move(diagnostic));
  }
  for (size_t i = 0; i < by.size(); ++i) {
    ir::ValueId gradient = gradients.values[i];
    if (!gradient) {
      const ir::Type type = graph.value(by[i]).type;
      gradient = ir::Builder(graph)
                     .at(ir::Place::named("--grad"))
                     .constant(ir::Tensor::splat({type.dtype, type.shape, {}}, 0));
    }
    graph.outputs.push_back({paths[i] + ".grad", gradient, ""});
  }
  module.graphs.front() = std::move(graph);
  return module;
}

// Files where a folder is named; else, or with --json, the values on standard output.
Status give(Session& session, const RunOptions& options, const std::vector<Port>& ports,
            const OutputClasses& classes, const std::vector<Tensor>& outputs) {
  if (!options.output_dir.empty()) {
    const Status status = write_outputs(session, options.output_dir, ports, outputs);
    if (status != Status::kDone || !options.json) return status;
  }
  runtime::TensorsJson json;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (options.json) {
      json.add(ports[i].name, outputs[i], classes.of(i));
    } else {
      std::fputs(runtime::tensor_text(ports[i].name, outputs[i], classes.of(i)).c_str(), stdout);
    }
  }
  if (options.json) std::fputs(json.text().c_str(), stdout);
  return Status::kDone;
}

// The evaluator on the module as it comes in, in f32 (f64 where the model is).
Status run_reference(Session& session, const RunOptions& options) {
  auto model = options.model.open(session, options.pipeline);
  const bool training = options.grad == ir::kLoss;
  const ir::Module* given = !model     ? nullptr
                            : training ? model->training_at_batch(options.model.samples())
                                       : model->at_batch(options.model.samples());
  if (!given) return Status::kBadInput;
  std::optional<ir::Module> module = *given;
  driver::mark_probabilities(*module);
  int64_t samples = 0;
  const bool state = passes::has_state(*module);
  const bool batched =
      options.grad.empty() &&
      (state || (options.model.samples() == 1 && !options.model.path.ends_with(".lir")));
  if (!options.grad.empty()) module = with_gradients(session, std::move(*module), options.grad);
  if (!module) return Status::kBadCall;
  const auto tensors = read_inputs(session, options.inputs, input_ports(*module), batched, samples);
  if (!tensors) return Status::kBadInput;
  if (samples > 1 && !state) {  // the same model for as many samples as the files hold
    given = training ? model->training_at_batch(samples) : model->at_batch(samples);
    if (!given) return Status::kBadInput;
    module = *given;
    driver::mark_probabilities(*module);
  }
  driver::Reference call(*module, options.model.seed);
  if (!state || samples <= 1)
    return give(session, options, output_ports(*module), OutputClasses(*module), call(*tensors));
  std::vector<Tensor> outputs;
  for (int64_t t = 0; t < samples; ++t) {
    std::vector<Tensor> now;
    for (const Tensor& tensor : *tensors)
      now.push_back(driver::part(tensor, t, samples));
    const auto results = call(now);
    for (size_t i = 0; i < results.size(); ++i)
      driver::append(outputs, i, results[i]);
  }
  return give(session, options, output_ports(*module), OutputClasses(*module), outputs);
}

Status run_compiled(Session& session, const RunOptions& options) {
  driver::CompileOptions flags = options.build;
  flags.here = true;
  flags.product = true;
  const auto built = build(session, options.model, options.pipeline, flags);
  if (!built) return Status::kBadInput;
  const auto callable = driver::Callable::load(*built, session.host);
  if (!callable) return Status::kMachine;
  const ir::Module& single = built->modules.back();
  int64_t samples = 0;
  // Of a model with state the samples are steps of time, one after the other.
  const bool batched = callable->model().batched != 0 || callable->model().stateful != 0;
  const auto tensors = read_inputs(session, options.inputs, input_ports(single), batched, samples);
  if (!tensors) return Status::kBadInput;
  samples = std::max<int64_t>(samples, 1);
  const std::vector<Port> ports = output_ports(single);
  const std::vector<Tensor> outputs = called(*callable, ports, *tensors, samples);
  return give(session, options, ports, OutputClasses(single), outputs);
}

}  // namespace

void add_run(CLI::App& app, Session& session) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Compile in memory and run once, on .npy files");
  command->footer(
      "linnet run lenet.lin --weights lenet.safetensors --input image=x.npy --output-dir out");
  add_build(*command, session, options->model, options->pipeline, options->build);
  options->pipeline.add_threads(*command);
  add_quiet(*command, session);
  command->add_option("--input", options->inputs, "Tensor of an input, or @0 by position")
      ->type_name("NAME=F.npy");
  command
      ->add_option("--output-dir", options->output_dir, "Write NAME.npy there instead of printing")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "Print all values, for machines");
  command
      ->add_option("--grad", options->grad,
                   "Also write X.grad.npy, the gradient of this output's sum (or of the loss)")
      ->type_name("NAME|loss");
  command->add_flag("--reference", options->reference,
                    "Compute by the evaluator instead of compiled code");
  command->callback([&session, options] {
    session.command = [options](Session& s) {
      // Gradients come from the graph that is differentiated, not from frozen constants.
      const bool reference = options->reference || !options->grad.empty();
      return reference ? run_reference(s, *options) : run_compiled(s, *options);
    };
  });
}

}  // namespace linnet::cli
