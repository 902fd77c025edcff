// linnet check MODEL: everything wrong with it at once, or its summary table.
#include "cli/model_options.h"
#include "cli/pipeline_options.h"
#include "cli/text_table.h"
#include "driver/train.h"
#include "ir/entries.h"
#include "ir/recipe.h"
#include "ir/summary.h"
#include "passes/lib/shard_block.h"
#include "passes/lib/shard_points.h"
#include "passes/lib/storage.h"
#include "support/json_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace linnet::cli {
namespace {

std::string receptive(const ir::SummaryRow& row) {
  if (row.receptive_height == 0) return "";
  return fmt::format("{}×{}", row.receptive_height, row.receptive_width);
}

// What a step of training takes: the blob of slots, the arena, the samples of a batch.
struct TrainingBytes {
  int64_t batch = 1, slots = 0, arena = 0, inputs = 0;
};

// What the model takes and gives, by name.
struct Ends {
  std::vector<std::pair<std::string, ir::Type>> inputs, outputs;

  explicit Ends(const ir::Graph& graph) {
    for (const ir::GraphInput& input : graph.inputs) {
      const ir::Value& value = graph.value(input.value);
      if (input.slot.empty()) inputs.emplace_back(value.name, value.type);
    }
    for (const ir::GraphOutput& output : graph.outputs) {
      if (output.slot.empty()) outputs.emplace_back(output.name, graph.value(output.value).type);
    }
  }
};

void print_table(const ir::Module& module, const ir::Summary& summary,
                 const std::optional<TrainingBytes>& training, size_t columns) {
  const Ends ends(module.graphs.front());
  for (const auto& [name, type] : ends.inputs)
    fmt::print("in   {}  {}\n", name, to_string(type));
  for (const auto& [name, type] : ends.outputs)
    fmt::print("out  {}  {}\n", name, to_string(type));
  TextTable table(
      {"layer", "op", "output", ">parameters", ">multiply-adds", ">receptive field", ">bytes"});
  for (const ir::SummaryRow& row : summary.rows) {
    table.row({row.name, row.op, to_string(row.output), thousands(row.parameters),
               thousands(row.multiply_adds), receptive(row), thousands(row.bytes)});
  }
  table.rule();
  table.row({module.name, "", "", thousands(summary.parameters), thousands(summary.multiply_adds),
             "", thousands(summary.parameter_bytes) + " of weights"});
  std::fputs(table.text(columns).c_str(), stdout);
  if (summary.trainable != summary.parameters) {
    fmt::print("{} of the parameters are trained\n", thousands(summary.trainable));
  }
  if (summary.buffers != 0) fmt::print("{} numbers in buffers\n", thousands(summary.buffers));
  if (!training) return;
  const TrainingBytes& t = *training;
  fmt::print("a step on {} samples takes {} bytes: {} of parameters and optimiser, {} of arena, {} "
             "of samples\n",
             t.batch, thousands(t.slots + t.arena + t.inputs), thousands(t.slots),
             thousands(t.arena), thousands(t.inputs));
}

void print_json(const ir::Module& module, const ir::Summary& summary,
                const std::optional<TrainingBytes>& training) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const ir::SummaryRow& row : summary.rows) {
    rows.push_back({{"layer", row.name},
                    {"op", row.op},
                    {"dtype", ir::name(row.output.dtype)},
                    {"shape", row.output.shape},
                    {"parameters", row.parameters},
                    {"multiply_adds", row.multiply_adds},
                    {"receptive_field", {row.receptive_height, row.receptive_width}},
                    {"bytes", row.bytes}});
  }
  const auto ports = [](const std::vector<std::pair<std::string, ir::Type>>& list) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const auto& [name, type] : list)
      array.push_back({{"name", name}, {"dtype", ir::name(type.dtype)}, {"shape", type.shape}});
    return array;
  };
  const Ends ends(module.graphs.front());
  nlohmann::ordered_json json = {{"model", module.name},
                                 {"inputs", ports(ends.inputs)},
                                 {"outputs", ports(ends.outputs)},
                                 {"layers", rows},
                                 {"parameters", summary.parameters},
                                 {"trainable", summary.trainable},
                                 {"buffers", summary.buffers},
                                 {"multiply_adds", summary.multiply_adds},
                                 {"parameter_bytes", summary.parameter_bytes}};
  if (training) {
    json["training"] = {{"batch", training->batch},
                        {"slots_bytes", training->slots},
                        {"arena_bytes", training->arena},
                        {"sample_bytes", training->inputs}};
  }
  fmt::print("{}\n", json_text(json));
}

std::optional<TrainingBytes> training_bytes(Session& session, driver::Model& model,
                                            const ModelOptions& options) {
  TrainingBytes bytes;
  bytes.batch = options.samples();
  const auto target = options.find_target(session);
  const ir::Module* given = model.training_at_batch(bytes.batch);
  if (!target || !given) return std::nullopt;
  const int64_t shards = ir::shards_of(given->train);
  if (!options.batch && (driver::declared_batch(*given) || shards > 1))
    bytes.batch = static_cast<int64_t>(ir::train_number(given->train, "batch"));
  given = driver::step_at_batch(model, bytes.batch, session.host);
  if (!given) return std::nullopt;
  // The optimiser asks about the model's own graph too: least_squares, whether it is affine.
  const auto through = [&](ir::Module module, passes::Phase first, passes::Phase last) {
    return PipelineFlags().run(session, std::move(module), *target, options.seed,
                               passes::pipeline(first, last));
  };
  auto step_of = through(*given, passes::Phase::kTraining, passes::Phase::kTraining);
  if (!step_of) return std::nullopt;
  std::erase_if(step_of->graphs, [](const ir::Graph& g) {
    return g.name != ir::kTrainStep && g.name != ir::kShardStep && g.name != ir::kUpdate;
  });
  const auto planned =
      through(*std::move(step_of), passes::Phase::kCanonical, passes::Phase::kPlanned);
  if (!planned) return std::nullopt;
  const ir::Graph& step = planned->graphs.front();
  bytes.slots = passes::slots_bytes(*planned);
  bytes.arena = passes::arena_bytes(step);
  if (!passes::shard_points(step).empty()) bytes.arena *= shards;
  if (const ir::Graph* update = planned->graph(ir::kUpdate))
    bytes.arena = std::max(bytes.arena, passes::arena_bytes(*update)) +
                  shards * passes::block_layout(step).bytes;
  for (const ir::GraphInput& input : step.inputs) {
    if (input.slot.empty()) bytes.inputs += shards * step.value(input.value).type.stored_bytes();
  }
  return bytes;
}

}  // namespace

void add_check(CLI::App& app, Session& session) {
  auto options = std::make_shared<ModelOptions>();
  auto json = std::make_shared<bool>(false);
  auto train = std::make_shared<bool>(false);
  auto wide = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("check", "Every fault of a model at once, or its summary");
  command->footer("linnet check lenet.lin --batch 64");
  options->add_model(*command);
  options->add_weights(*command);
  options->add_dtype(*command);
  options->add_target(*command);
  command->add_flag("--json", *json, "One JSON object instead of the table");
  command->add_flag("--train", *train, "Also the bytes that a step of training takes");
  command->add_flag("--wide", *wide, "Whole names, even if the table is wider than the terminal");
  command->callback([&session, options, json, train, wide] {
    session.command = [options, json, train, wide](Session& s) {
      if (!options->find_target(s)) return Status::kBadCall;
      auto model = options->open(s);
      const ir::Module* module = model ? model->at_batch(options->samples()) : nullptr;
      if (!module) return Status::kBadInput;
      const ir::Summary summary = ir::summarize(*module);
      std::optional<TrainingBytes> bytes;
      if (*train) {
        bytes = training_bytes(s, *model, *options);
        if (!bytes) return Status::kBadInput;
      }
      if (*json) {
        print_json(*module, summary, bytes);
      } else {
        print_table(*module, summary, bytes, *wide ? 0 : terminal_columns());
      }
      return Status::kDone;
    };
  });
}

}  // namespace linnet::cli
