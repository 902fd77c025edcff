// The graph @init of a training library: the first values of every slot, by a seed.
#pragma once

#include "ir/module.h"

#include <string>
#include <vector>

namespace linnet::passes {

// Appends @init (the seed's counter → every slot but counters), whose numbers are those of
// ir::initial_value. Needs: differentiate, which adds the optimiser's slots. Slots whose
// initialiser no graph computes (truncated_normal, orthogonal) are returned; then nothing is
// appended.
[[nodiscard]] std::vector<std::string> append_first_values(ir::Module& module);

}  // namespace linnet::passes
