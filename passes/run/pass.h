// What a pass is, and what it may use besides the module.
#pragma once

#include "ir/module.h"
#include "passes/lib/target_info.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::passes {

// Why a candidate was rewritten or refused, for `--explain PASS`.
struct Remark {
  bool fired = false;
  ir::Place place;
  std::string message;  // "fused relu into conv2d %c1", "conv2d %c1 has two users"
};

// What a module asks for that cannot be, found by a pass: said at its place.
struct PassError {
  ir::Place place;
  std::string message, remedy;
};

// Options travel here: no globals, no environment variables.
struct PassContext {
  TargetInfo target;
  bool threads = false;  // kernels of a training step split their tiles among threads
  uint64_t seed = 0;     // of the values of untrained parameters
  // Stop after this many rewrites in all (`--pass-limit=N`, to find the guilty one); < 0: no limit.
  int64_t limit = -1;
  std::function<void(const Remark&)> explain;  // empty: nobody listens

  std::vector<PassError> errors;  // the module is of no use if there is any

  // Asked before each rewrite; says it and counts it. False: the limit is reached, leave it.
  [[nodiscard]] bool may_rewrite(const ir::Place& place, std::string message);
  // A candidate was refused, and why.
  void refused(const ir::Place& place, std::string message) const;
};

using PassFunction = ir::Module (*)(ir::Module, PassContext&);

// One row of the pipeline. `name` serves function, flag, dump, timing row and test file.
struct Pass {
  std::string_view name;
  PassFunction run;
  std::string_view summary;  // one line for --help and docs
};

// The whole lowering, in order (pipeline.cpp).
[[nodiscard]] std::span<const Pass> pipeline();
[[nodiscard]] const Pass* find_pass(std::string_view name);

}  // namespace linnet::passes
