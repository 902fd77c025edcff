// A model on whose kernels other schedules are tried: its module as it is before they are chosen,
// the rest of the road for any choice, and what two choices differ in.
#pragma once

#include "driver/compile.h"
#include "passes/schedule/tuning.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::driver {

// Groups of the entry that compute the same on the same shapes.
struct TunableKernel {
  std::string key;  // passes::tuning_key
  ir::Graph body;
  std::vector<const ir::Node*> constant;  // of each input the constant it is, or null
  std::vector<std::string> results;       // the first of each group: names of values of the entry
};

class Tunable {
public:
  // The model for options.batch samples. nullopt, with the reason reported, on failure. `host`
  // outlives it.
  [[nodiscard]] static std::optional<Tunable> open(Model& model, const codegen::Target& target,
                                                   const CompileOptions& options, const Host& host);

  // Those of the first entry, in its order; none if all have schedules already.
  [[nodiscard]] const std::vector<TunableKernel>& kernels() const { return kernels_; }
  [[nodiscard]] passes::Candidate candidate(const TunableKernel& kernel) const {
    return {kernel.body, kernel.constant, target_.info, options_.passes.families};
  }
  [[nodiscard]] const codegen::Target& target() const { return target_; }
  [[nodiscard]] std::string name() const { return c_identifier(fused_.name); }

  // The module with these schedules and, for other kernels, those their families choose: laid out,
  // packed, planned. Failures of these two go to `host`.
  [[nodiscard]] std::optional<ir::Module> planned(passes::Tuning& tuning, const Host& host) const;
  // Its code, with timed entries and the record to call it by.
  [[nodiscard]] std::optional<Product> product(ir::Module planned, const Host& host) const;

private:
  Tunable(ir::Module fused, codegen::Target target, CompileOptions options)
      : fused_(std::move(fused)), target_(std::move(target)), options_(std::move(options)) {}

  ir::Module fused_;
  codegen::Target target_;
  CompileOptions options_;
  bool batched_ = false;  // dimension 0 of every port is the batch
  std::vector<TunableKernel> kernels_;
};

// Two plans of one module without the calls that both have: a schedule may change kernels beside
// its own, whose data then lies otherwise. Values that no call makes any more keep their places.
struct Difference {
  ir::Module before, after;
  bool any = false;
};
[[nodiscard]] Difference difference(ir::Module before, ir::Module after);

}  // namespace linnet::driver
