// From a wrong answer to the pass and its rewrite, or to the kernel and its schedule or op, and
// from there to a small case.
#pragma once

#include "driver/bisect/backend.h"
#include "driver/bisect/trial.h"
#include "passes/run/pass.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::driver {

struct BisectInput {
  std::string name;  // "as given", "zeros"
  TensorList values;
};

struct BisectQuestion {
  ir::Module module;  // at the end of the phase `imported`
  std::vector<BisectInput> inputs;
  // What the outputs of inputs[0] must be, instead of what the evaluator says; empty: nothing is
  // known of it.
  std::vector<std::optional<ir::Tensor>> expected;
  double tolerance = 1e-4;  // of an output's largest magnitude
  bool smaller = true;      // also look for a small case
  std::span<const passes::Pass> rows;
  passes::PassContext context;
  Backend backend;
  std::function<void(std::string_view)> working;  // may be empty
};

struct BisectAnswer {
  enum class Guilty : uint8_t {
    kNobody,
    kModel,  // the evaluator gives the same wrong answer: the model, or who read it
    kPass,
    kSchedule,  // another schedule of the kernel is right
    kLowering,  // the op is wrong in a kernel of its own too
    kKernel,    // the kernel is wrong with every schedule, each of its ops alone is right
    kEntry      // each kernel alone is right: what calls them
  };
  Guilty guilty = Guilty::kNobody;
  std::string fault;   // what was seen first
  std::string inputs;  // on which
  std::string pass, rewrite;
  int64_t rewrites = 0;  // the guilty one is the so-manieth of its pass; 0: none that it counts
  ir::Place place;       // in the model
  std::string kernel, schedule;
  std::string op;              // of kLowering; of kKernel those of the small case
  std::string right_schedule;  // of kSchedule: one with which the kernel is right

  Sample small;  // shows it too; empty of kNobody and kModel
  // Passes that show it on `small` by comparing before and after, in this order; of kPass.
  std::vector<std::string> passes;
  // Does `small` show it on inputs that a command makes itself? If not, on its own alone.
  bool any_inputs = false;
  int64_t nodes = 0;  // of `small`
};

[[nodiscard]] std::string_view name(BisectAnswer::Guilty guilty);  // "pass"
// "pass fuse_epilogue, rewrite 2: fused relu into conv2d %c1"
[[nodiscard]] std::string guilty_text(const BisectAnswer& answer);

// Each kind of inputs of passes/run/check_passes.h for the first graph of a module.
[[nodiscard]] std::vector<BisectInput> seeded_inputs(const ir::Module& module);

[[nodiscard]] BisectAnswer bisect(const BisectQuestion& question);

}  // namespace linnet::driver
