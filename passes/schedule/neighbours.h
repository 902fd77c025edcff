// Which schedules are worth timing beside one: tens, not all that are legal.
#pragma once

#include "passes/schedule/family.h"

#include <vector>

namespace linnet::passes {

// Legal schedules of the group other than `centre`, which is one, the most promising first: those
// that differ from it in one number, by a step or by half or double (of few values by each), or in
// two against each other; then what every other family that computes the group would do. Of the
// tiles those that fill the target's registers come first, and those that have more accumulators
// than registers not at all.
[[nodiscard]] std::vector<ir::Schedule> neighbours(const Candidate& group,
                                                   const ir::Schedule& centre);

}  // namespace linnet::passes
