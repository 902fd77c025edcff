// linnet bisect MODEL: from a wrong answer to the pass, schedule or op that made it, and to a small
// case.
#include "driver/bisect/bisect.h"
#include "cli/bisect_report.h"
#include "cli/build.h"
#include "cli/tensor_files.h"
#include "driver/compile.h"
#include "driver/reference.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace linnet::cli {
namespace {

struct BisectOptions {
  ModelOptions model;
  driver::Options build;
  std::vector<std::string> inputs, expected;
  double tolerance = 1e-4;
  std::string output;
  bool no_small = false;
  bool json = false;
};

// The outputs that are named in `assignments`.
std::vector<Port> named_outputs(const ir::Module& module,
                                const std::vector<std::string>& assignments) {
  std::vector<Port> ports = output_ports(module);
  std::erase_if(ports, [&](const Port& port) {
    return std::ranges::none_of(assignments, [&](const std::string& assignment) {
      return assignment.starts_with(port.name + "=");
    });
  });
  return ports;
}

// What is given on the command line. False, with the reason reported, if a file does not fit.
bool read_tensors(Session& session, const BisectOptions& options,
                  driver::BisectQuestion& question) {
  const ir::Graph& graph = question.module.graphs.front();
  int64_t samples = 0;
  if (!options.inputs.empty()) {
    const auto tensors =
        read_inputs(session, options.inputs, input_ports(question.module), false, samples);
    if (!tensors) return false;
    driver::BisectInput given{"as given", {}};
    for (const Tensor& tensor : *tensors)
      given.values.push_back(driver::to_ir(tensor));
    question.inputs.push_back(std::move(given));
  } else {
    question.inputs = driver::seeded_inputs(question.module);
  }
  if (options.expected.empty()) return true;
  if (options.inputs.empty()) {
    session.error("--expect: of which inputs?", Status::kBadCall,
                  "name the inputs' files with --input NAME=F.npy");
    return false;
  }
  const std::vector<Port> named = named_outputs(question.module, options.expected);
  if (named.size() < options.expected.size()) {
    std::string names;
    for (const ir::GraphOutput& output : graph.outputs)
      names += (names.empty() ? "" : ", ") + output.name;
    session.error("--expect: not an output, or given twice", Status::kBadCall,
                  fmt::format("--expect NAME=F.npy; the outputs are {}", names));
    return false;
  }
  const auto tensors = read_inputs(session, options.expected, named, false, samples);
  if (!tensors) return false;
  question.expected.resize(graph.outputs.size());
  for (size_t i = 0; i < named.size(); ++i) {
    const auto at = std::ranges::find(graph.outputs, named[i].name, &ir::GraphOutput::name);
    question.expected[static_cast<size_t>(at - graph.outputs.begin())] =
        driver::to_ir((*tensors)[i]);
  }
  return true;
}

Status run(Session& session, const BisectOptions& options) {
  const auto target = options.model.find_target(session);
  if (!target) return Status::kBadCall;
  if (!driver::runs(*target, session.host)) return Status::kMachine;
  if (!options.model.spares(session, options.output)) return Status::kBadCall;
  const Working working(session, "reading " + options.model.path);
  auto module = options.model.load(session);
  if (!module || !driver::sizes_fit(*module, session.host)) return Status::kBadInput;
  driver::BisectQuestion question;
  driver::mark_probabilities(*module);
  question.module = *std::move(module);
  if (!read_tensors(session, options, question)) return Status::kBadInput;
  question.tolerance = options.tolerance;
  question.smaller = !options.no_small;
  question.rows = passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned);
  question.context.target = target->info;
  question.context.seed = options.model.seed;
  driver::Options build = options.build;
  build.seed = options.model.seed;
  question.backend = driver::native_backend(*target, build);
  question.working = [&](std::string_view what) { session.host.working(what); };
  driver::BisectAnswer answer = driver::bisect(question);
  BisectReport report;
  report.model = options.model.path;
  report.json = options.json;
  report.target = options.model.target;
  report.tolerance = options.tolerance;
  report.seed = options.model.seed;
  report.output = options.output.empty()
                      ? driver::c_identifier(question.module.name) + ".bisect.lir"
                      : options.output;
  return give(session, report, std::move(answer));
}

}  // namespace

void add_bisect(CLI::App& app, Session& session) {
  auto options = std::make_shared<BisectOptions>();
  CLI::App* command = app.add_subcommand(
      "bisect",
      "From a wrong answer to the pass, schedule or op that made it, and to a small case");
  command->footer("linnet bisect lenet.lin --weights lenet.safetensors --input image=x.npy");
  options->model.add_model(*command);
  options->model.add_weights(*command);
  options->model.add_dtype(*command);
  options->model.add_target(*command);
  add_cache(*command, options->build);
  add_quiet(*command, session);
  command
      ->add_option("--input", options->inputs,
                   "Tensor of an input, or @0 by position; default: several kinds of numbers")
      ->type_name("NAME=F.npy");
  command
      ->add_option("--expect", options->expected,
                   "What an output must be; default: what the evaluator says")
      ->type_name("NAME=F.npy");
  command
      ->add_option("--tolerance", options->tolerance,
                   "Difference that is none, as a share of an output's largest magnitude")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->type_name("T");
  command
      ->add_option("-o,--output", options->output,
                   "The small case to write; default: NAME.bisect.lir")
      ->check(file_fault)
      ->type_name("F.lir");
  command->add_flag("--no-small", options->no_small, "Name the fault only; write no small case");
  command->add_flag("--json", options->json, "One JSON object instead of lines");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
