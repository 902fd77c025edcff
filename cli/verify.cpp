// linnet verify MODEL: compiled code beside the evaluator, or beside outputs in a folder.
#include "cli/call.h"
#include "cli/samples.h"
#include "cli/text_table.h"
#include "cli/verify_nodes.h"
#include "driver/reference.h"
#include "support/json_text.h"

#include "base/io/file.h"
#include "base/io/npy.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace linnet::cli {
namespace {

constexpr const char* kReference = "reference";
constexpr int64_t kSamples = 10;

struct VerifyOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::vector<std::string> inputs;
  std::string against = kReference;
  int64_t samples = kSamples;
  double tolerance = 1e-4;
  bool nodes = false;
  bool json = false;
};

// Of what the model is compared with, in a sentence.
std::string other_of(const VerifyOptions& options) {
  return options.against == kReference ? "the evaluator in f64" : options.against;
}

bool call_is_good(Session& session, const VerifyOptions& options) {
  if (options.against == kReference) return true;
  if (options.against == "onnxruntime") {
    session.error("--against onnxruntime: the command does not run it, the Python package does",
                  Status::kBadCall,
                  "in Python: linnet.verify(\"MODEL\", against=\"onnxruntime\"); or "
                  "--against DIR with outputs that it wrote");
    return false;
  }
  if (!is_folder(options.against)) {
    session.error(fmt::format("--against {}: 'reference' or a folder of outputs is expected",
                              options.against),
                  Status::kBadCall, "`linnet run --output-dir DIR` writes one");
    return false;
  }
  if (options.inputs.empty()) {
    session.error("--against DIR needs --input: the outputs there are those of certain inputs",
                  Status::kBadCall, "--input NAME=F.npy");
    return false;
  }
  return true;
}

// The file of a value in the folder, whose shape must be `shape`.
// nullopt, with the reason reported, otherwise.
std::optional<Tensor> read_theirs(Session& session, const std::string& path,
                                  const std::string& name, const std::vector<int64_t>& shape) {
  auto file = read_npy(path);
  if (!file) {
    session.error(file.error().message, file.error().status);
    return std::nullopt;
  }
  if (file->shape != shape) {
    session.error(fmt::format("{}: '{}' is {} here, and {} in the file", path, name,
                              shape_text(shape), shape_text(file->shape)));
    return std::nullopt;
  }
  return std::move(*file);
}

// One call of `linnet verify`, from the model to the errors.
class Verification {
public:
  Verification(Session& session, const VerifyOptions& options)
      : session_(session), options_(options) {}

  Status run() {
    if (!call_is_good(session_, options_)) return Status::kBadCall;
    auto model = options_.model.open(session_, options_.pipeline);
    if (!model || !load(*model)) return session_.diagnostics.status();
    if (!take_samples()) return session_.diagnostics.status();
    const std::vector<Tensor> ours = computed();
    if (options_.nodes) {
      nodes_ = InnerErrors::load(session_, *single_, options_.model, options_.pipeline,
                                 options_.build, samples_.front());
      if (!nodes_) return session_.diagnostics.status();
    }
    const bool folder = options_.against != kReference;
    if (folder ? !with_folder(ours) : !with_reference(ours)) return session_.diagnostics.status();
    const bool good =
        std::ranges::all_of(
            errors_, [&](const auto& error) { return error.relative() <= options_.tolerance; }) &&
        !(nodes_ && nodes_->first_beyond(options_.tolerance));
    options_.json ? print_json(good) : print_text(good);
    return good ? Status::kDone : Status::kBadInput;
  }

private:
  bool load(driver::Model& model) {
    driver::CompileOptions flags = options_.build;
    flags.here = true;
    flags.product = true;
    const auto built = build(session_, model, options_.model, options_.pipeline, flags);
    if (!built) return false;
    callable_ = driver::Callable::load(*built, session_.host);
    if (!callable_) return false;
    batched_ = callable_->model().batched != 0;
    single_ = model.at_batch(batched_ ? 1 : options_.model.batch.value_or(1));
    if (!single_) return false;
    stacked_ = batched_ || callable_->model().stateful != 0;
    ports_ = output_ports(*single_);
    errors_.resize(ports_.size());
    return true;
  }

  bool take_samples() {
    const std::vector<Port> ports = input_ports(*single_);
    if (options_.inputs.empty()) {
      samples_ = random_samples(ports, options_.samples, options_.model.seed);
      return true;
    }
    auto given = samples_in_files(session_, options_.inputs, ports, stacked_);
    if (!given) return false;
    samples_ = std::move(*given);
    return true;
  }

  [[nodiscard]] int64_t count() const { return static_cast<int64_t>(samples_.size()); }

  // Of the compiled code, by output: all samples along dimension 0, also where each took a call.
  [[nodiscard]] std::vector<Tensor> computed() const {
    if (stacked_) return called(*callable_, ports_, stacked(samples_), count());
    if (samples_.size() == 1) return called(*callable_, ports_, samples_.front(), 1);
    std::vector<Sample> results;
    for (const Sample& sample : samples_) {
      results.push_back(called(*callable_, ports_, sample, 1));
      for (Tensor& tensor : results.back())  // a dimension of the calls
        tensor.shape.insert(tensor.shape.begin(), 1);
    }
    return stacked(results);
  }

  // The sample's part of a tensor that holds all, in the shape of one.
  [[nodiscard]] Tensor of_sample(const Tensor& all, int64_t sample,
                                 const std::vector<int64_t>& shape) const {
    Tensor one = driver::part(all, sample, count());
    one.shape = shape;
    return one;
  }

  bool with_reference(const std::vector<Tensor>& ours) {
    const Working working(session_, "evaluating", samples_.size());
    const ir::Module all = nodes_ ? driver::with_outputs(*single_, nodes_->values()) : *single_;
    driver::Reference reference(all, options_.model.seed, driver::Precision::kF64);
    for (int64_t t = 0; t < count(); ++t) {
      session_.progress.done(static_cast<size_t>(t));
      const Sample& sample = samples_[static_cast<size_t>(t)];
      const std::vector<Tensor> theirs = reference(sample);
      for (size_t i = 0; i < ports_.size(); ++i)
        errors_[i].add(t, of_sample(ours[i], t, ports_[i].type.shape), theirs[i]);
      if (nodes_) nodes_->add(t, sample, std::span(theirs).subspan(ports_.size()));
    }
    return true;
  }

  bool with_folder(const std::vector<Tensor>& ours) {
    for (size_t i = 0; i < ports_.size(); ++i) {
      const std::string path =
          fmt::format("{}/{}.npy", options_.against, file_name_of(ports_[i].name, i));
      const auto theirs = read_theirs(session_, path, ports_[i].name, ours[i].shape);
      if (!theirs) return false;
      for (int64_t t = 0; t < count(); ++t) {
        const std::vector<int64_t>& shape = ports_[i].type.shape;
        errors_[i].add(t, of_sample(ours[i], t, shape), of_sample(*theirs, t, shape));
      }
    }
    return !nodes_ || inner_with_folder();
  }

  // Those values of which the folder has a file; of all samples along dimension 0.
  bool inner_with_folder() {
    const ir::Graph& graph = single_->graphs.front();
    std::vector<std::optional<Tensor>> files;
    for (const ir::ValueId value : nodes_->values()) {
      const std::string& name = graph.value(value).name;
      const std::string path = fmt::format("{}/{}.npy", options_.against, name);
      files.emplace_back();
      // A file of an output's name is the output's.
      const bool output = std::ranges::find(ports_, name, &Port::name) != ports_.end();
      if (output || !is_file_name(name) || !file_exists(path)) continue;
      std::vector<int64_t> shape = graph.value(value).type.shape;
      if (count() > 1) shape.empty() ? shape.push_back(count()) : void(shape[0] *= count());
      files.back() = read_theirs(session_, path, name, shape);
      if (!files.back()) return false;
    }
    for (int64_t t = 0; t < count(); ++t) {
      std::vector<Tensor> theirs;
      for (size_t i = 0; i < files.size(); ++i) {
        const std::vector<int64_t>& shape = graph.value(nodes_->values()[i]).type.shape;
        theirs.push_back(files[i] ? of_sample(*files[i], t, shape) : Tensor());
      }
      nodes_->add(t, samples_[static_cast<size_t>(t)], theirs);
    }
    return true;
  }

  void print_text(bool good) const {
    fmt::print("{}: {} {} beside {}\n", single_->name, samples_.size(),
               callable_->model().stateful != 0 ? (count() == 1 ? "step" : "steps")
                                                : (count() == 1 ? "sample" : "samples"),
               other_of(options_));
    TextTable table(
        {"output", ">worst error", ">relative", ">sample", "element", ">compiled", ">expected"});
    for (size_t i = 0; i < ports_.size(); ++i)
      table.row(error_cells(ports_[i].name, errors_[i]));
    std::fputs(table.text(terminal_columns()).c_str(), stdout);
    if (nodes_) nodes_->print(session_, options_.tolerance);
    fmt::print("{} the tolerance of {:g}\n", good ? "within" : "beyond", options_.tolerance);
  }

  void print_json(bool good) const {
    nlohmann::ordered_json outputs = nlohmann::ordered_json::array();
    for (size_t i = 0; i < ports_.size(); ++i)
      outputs.push_back(error_json(ports_[i].name, errors_[i]));
    nlohmann::ordered_json json = {{"model", single_->name},
                                   {"against", other_of(options_)},
                                   {"samples", samples_.size()},
                                   {"tolerance", options_.tolerance},
                                   {"within", good},
                                   {"outputs", outputs}};
    if (nodes_) nodes_->add_to(json, session_, options_.tolerance);
    fmt::print("{}\n", json_text(json));
  }

  Session& session_;
  const VerifyOptions& options_;
  std::unique_ptr<driver::Callable> callable_;
  const ir::Module* single_ = nullptr;  // for one sample
  bool batched_ = false, stacked_ = false;
  std::vector<Port> ports_;
  std::vector<Sample> samples_;
  std::vector<driver::Difference> errors_;
  std::unique_ptr<InnerErrors> nodes_;
};

}  // namespace

void add_verify(CLI::App& app, Session& session) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = app.add_subcommand(
      "verify", "Compare compiled code with the evaluator, or with outputs in a folder");
  command->footer("linnet verify lenet.lin --weights lenet.safetensors --nodes");
  add_build(*command, session, options->model, options->pipeline, options->build);
  options->pipeline.add_threads(*command);
  add_quiet(*command, session);
  command
      ->add_option("--against", options->against,
                   "The evaluator in f64, or a folder of NAME.npy as `linnet run --output-dir` "
                   "writes them")
      ->type_name("reference|DIR");
  auto* files = command
                    ->add_option("--input", options->inputs,
                                 "Tensor of an input, or @0 by position, instead of random samples")
                    ->type_name("NAME=F.npy");
  command
      ->add_option("--samples", options->samples,
                   "So many random samples, by --seed; of a model with state steps of time")
      ->check(CLI::Range(int64_t{1}, kMostCount))
      ->excludes(files)
      ->type_name("N");
  command
      ->add_option("--tolerance", options->tolerance,
                   "Largest error of an output or value, as a share of its largest magnitude")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("T");
  command->add_flag("--nodes", options->nodes,
                    "Also every value within the model, and the first that departs");
  command->add_flag("--json", options->json, "Print the errors for machines");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return Verification(s, *options).run(); };
  });
}

}  // namespace linnet::cli
