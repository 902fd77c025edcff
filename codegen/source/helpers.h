// Small functions that kernels call: the elementary ones by base/math.h, and what C has no operator
// for.
#pragma once

#include "codegen/source/writer.h"

#include <set>
#include <string>

namespace linnet::codegen::source {

// The definitions of those that are called, and of those that these call, in order.
// `prefix`: the model's name, with which all begin.
[[nodiscard]] std::string helper_functions(const Called& called, const std::string& prefix);
// What they and the other functions of a file may be called, which nothing of the model's may.
[[nodiscard]] std::set<std::string> helper_names(const std::string& prefix);

// An elementary function, by its name without the model's ("exp_f32"): its text, "" if there is no
// such. Adds to `called` what it calls.
[[nodiscard]] std::string elementary_function(const std::string& name, const std::string& prefix,
                                              Called& called);

}  // namespace linnet::codegen::source
