// Makes the outputs of a call, and calls.
#include "cli/call.h"

#include "support/check.h"

#include <fmt/format.h>

namespace linnet::cli {

std::vector<Tensor> called(const driver::Callable& callable, std::span<const Port> ports,
                           std::span<const Tensor> inputs, int64_t samples) {
  const bool batched = callable.model().batched != 0 || callable.model().stateful != 0;
  std::vector<Tensor> outputs;
  for (const Port& port : ports) {
    ir::Shape shape = port.type.shape;
    if (batched && shape.empty() && samples > 1) shape = {1};  // single numbers of steps
    if (batched && !shape.empty()) shape[0] *= samples;
    outputs.push_back(make_tensor(port.type.dtype, shape));
  }
  const int status = callable.run(inputs, outputs, samples);
  LINNET_CHECK(status == 0, fmt::format("the call returned {}", status));
  return outputs;
}

}  // namespace linnet::cli
