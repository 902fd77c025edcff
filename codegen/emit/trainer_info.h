// What a model with a train block declares about its training, before the passes.
#pragma once

#include "codegen/emit/ports.h"
#include "ir/module.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::codegen {

// Sizes are those of one sample.
struct TrainerInfo {
  Ports ports;
  std::vector<PortInfo> targets;  // named like the outputs they are compared with
  int64_t batch = 1;
  int64_t shards = 1;  // into which it is cut
  std::string loss;
  ir::DType dtype = ir::DType::kF32;
  std::vector<ir::Declaration> recipe;  // the train block
};
// `single` holds @predict and @evaluate for one sample.
[[nodiscard]] TrainerInfo trainer_info(const ir::Module& single, int64_t batch);

}  // namespace linnet::codegen
