// Messages without a place.
#include "driver/host.h"

namespace linnet::driver {

void Host::error(std::string message, Status status, std::string remedy) const {
  diagnostics.report({.severity = Severity::kError,
                      .place = {},
                      .message = std::move(message),
                      .remedy = std::move(remedy),
                      .notes = {},
                      .status = status});
}

void Host::warning(std::string message, std::string remedy) const {
  diagnostics.report({.severity = Severity::kWarning,
                      .place = {},
                      .message = std::move(message),
                      .remedy = std::move(remedy)});
}

}  // namespace linnet::driver
