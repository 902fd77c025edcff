// The search among passes.
#pragma once

#include "driver/bisect/judge.h"

#include <optional>

namespace linnet::driver {

// Which of the question's inputs are looked at; nullopt: all.
using WhichInputs = std::optional<size_t>;

// Finds the first pass whose module computes something else, or is broken, its guilty rewrite and a
// small case, and writes them into the answer. False: there is none.
bool search_passes(const BisectQuestion& question, const Judge& judge, WhichInputs which,
                   double tolerance, BisectAnswer& answer);

}  // namespace linnet::driver
