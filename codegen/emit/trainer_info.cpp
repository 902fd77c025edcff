// Reads what a model with a train block declares.
#include "codegen/emit/trainer_info.h"

#include "ir/entries.h"
#include "ir/recipe.h"
#include "support/check.h"

namespace linnet::codegen {

TrainerInfo trainer_info(const ir::Module& single, int64_t batch) {
  TrainerInfo info;
  info.ports = ports_of(single);
  info.batch = batch;
  info.shards = ir::shards_of(single.train);
  info.recipe = single.train;
  if (const ir::Declaration* loss = single.training("loss"))
    info.loss = loss->recipe.attrs.get(ir::Key<std::string>{"text"});
  const ir::Graph* evaluate = single.graph(ir::kEvaluate);
  LINNET_CHECK(evaluate != nullptr, "no @evaluate");
  const size_t own = info.ports.inputs.size();
  size_t seen = 0;
  for (const ir::GraphInput& input : evaluate->inputs) {
    if (!input.slot.empty() || seen++ < own) continue;
    const ir::Value& value = evaluate->value(input.value);
    info.targets.push_back(
        port_of(single, ir::output_of_target(value.name), value.type, info.ports.inputs));
  }
  info.dtype = evaluate->value(evaluate->outputs.front().value).type.dtype;
  return info;
}

}  // namespace linnet::codegen
