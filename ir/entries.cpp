// Targets are inputs called after the output they are compared with.
#include "ir/entries.h"

#include "support/check.h"

namespace linnet::ir {
namespace {

constexpr std::string_view kTargetPrefix = "target_";

}  // namespace

std::string target_input(std::string_view output) {
  return std::string(kTargetPrefix).append(output);
}

std::string output_of_target(std::string_view input) {
  LINNET_CHECK(input.starts_with(kTargetPrefix), "%" + std::string(input) + " is no target");
  return std::string(input.substr(kTargetPrefix.size()));
}

}  // namespace linnet::ir
