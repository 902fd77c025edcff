#include "frontend/frontend.h"
namespace linnet::frontend {
std::optional<ir::Module> load_lin(uint32_t, SourceManager&, const ImportOptions&, Diagnostics&) {
  return std::nullopt;
}
}  // namespace linnet::frontend
