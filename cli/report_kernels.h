// What a report tells of each kernel: its mathematics, schedule, code and hot loop.
#pragma once

#include "cli/report_product.h"
#include "codegen/inspect/inspect.h"

#include <map>
#include <string>
#include <vector>

namespace linnet::cli {

class ReportKernels {
public:
  explicit ReportKernels(const ReportProduct& of);

  // The kernels that a call needs, by their number: of a loop those that its steps call.
  [[nodiscard]] const std::vector<size_t>& of_call(size_t call) const { return of_call_[call]; }
  // The hot loop of a kernel; null: its code cannot be read, or is part of its
  // caller's.
  [[nodiscard]] const codegen::HotLoop* hot(size_t kernel) const;
  // "kernels".
  [[nodiscard]] nlohmann::ordered_json json(ReportSteps& steps) const;

private:
  void find(const ir::Node& node, std::vector<size_t>& kernels) const;
  [[nodiscard]] const codegen::InspectedKernel& inspected(size_t kernel) const {
    return inspected_[at_[kernel]];
  }
  [[nodiscard]] nlohmann::ordered_json one(size_t k, ReportSteps& steps) const;
  void add_choice(size_t k, nlohmann::ordered_json& json) const;

  const ReportProduct& of_;
  std::vector<const ir::Node*> calls_;
  std::vector<codegen::InspectedKernel> inspected_;
  std::vector<size_t> at_;                // in inspected_, by kernel
  std::map<std::string, size_t> number_;  // by name
  std::vector<std::vector<size_t>> of_call_;
};

}  // namespace linnet::cli
