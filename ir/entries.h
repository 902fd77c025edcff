// Names of entry graphs, and of what the graphs of training take and give.
#pragma once

#include "ir/module.h"

#include <string>
#include <string_view>

namespace linnet::ir {

// The model as it is used; one call of a model with state; the first values of every slot; the
// gradients of a training step. (kTrainStep and kEvaluate: ir/module.h.)
inline constexpr std::string_view kPredict = "predict";
inline constexpr std::string_view kStep = "step";
inline constexpr std::string_view kInit = "init";
inline constexpr std::string_view kGradients = "gradients";
// What a training step is where the batch is cut in shards (passes/split_shards.cpp): of one shard
// loss, statistics and gradients; of their sums over all shards the next values of the slots.
inline constexpr std::string_view kShardStep = "shard_step";
inline constexpr std::string_view kUpdate = "update";
// The counter that says which shard is computed, i64.
inline constexpr std::string_view kShardSlot = "train_step.shard";

// Outputs of the graphs of training: what is minimised, and its part that is no data's.
inline constexpr std::string_view kLoss = "loss";
inline constexpr std::string_view kPenalty = "penalty";
// Their input that holds the right values of the model's output, and which output that is.
[[nodiscard]] std::string target_input(std::string_view output);
[[nodiscard]] std::string output_of_target(std::string_view input);

}  // namespace linnet::ir
