// Does a model mean the same for every number N of samples?
#pragma once

#include "frontend/lin/ast.h"
#include "ir/module.h"

#include "support/diag.h"

#include <cstdint>
#include <functional>
#include <optional>

namespace linnet::frontend {

// The model for N samples; its errors go to the diagnostics.
using ForSamples = std::function<std::optional<ir::Module>(int64_t samples, Diagnostics&)>;

// `model`, which is right for `batch` samples, is made for two further numbers of them: what does
// not fit there, a parameter of the batch's size, and an output with a dimension N whose rows
// depend on other samples are errors. Does dimension 0 of every input and output follow the number?
// nullopt, with errors reported, if the model is not right for every one. Without an input of a
// dimension N nothing is made.
[[nodiscard]] std::optional<bool> check_batch(const Block& model, int64_t batch,
                                              const ForSamples& for_samples,
                                              Diagnostics& diagnostics);

}  // namespace linnet::frontend
