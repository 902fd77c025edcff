// Schedules that were written by hand, or by another linnet.
#pragma once

#include "ir/module.h"

#include <string>
#include <vector>

namespace linnet::passes {

struct ScheduleFault {
  std::string at;       // as in ir::SchedulePlaces: "k_0", "predict/y"
  std::string message;  // what is wrong, and what would be legal
};

// The schedules of a module that are not legal, in its order.
[[nodiscard]] std::vector<ScheduleFault> check_schedules(const ir::Module& module);

}  // namespace linnet::passes
