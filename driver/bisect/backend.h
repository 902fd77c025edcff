// What makes code of a planned module and calls it: linnet's own, or in a test one with a fault.
#pragma once

#include "driver/bisect/sample.h"
#include "driver/product.h"

#include <functional>
#include <span>

namespace linnet::driver {

struct Backend {
  // The outputs of the first entry for each of these inputs; of a model with state the first step.
  // Throws if no code can be made.
  std::function<std::vector<TensorList>(const ir::Module& planned,
                                        std::span<const TensorList> inputs)>
      run;
  // One kernel alone against the evaluator: what is wrong, or "". No inputs: random ones.
  std::function<std::string(const ir::Graph& kernel, const TensorList& inputs)> check;
};

// Compiles for this process. `options`: the cache, the workers.
[[nodiscard]] Backend native_backend(codegen::Target target, Options options);

}  // namespace linnet::driver
