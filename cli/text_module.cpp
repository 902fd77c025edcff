// Reading text IR: what a person may have changed in it is checked.
#include "cli/text_module.h"

#include "frontend/load.h"
#include "passes/schedule/check.h"

namespace linnet::cli {

bool schedules_are_legal(Session& session, const std::string& path, const ir::Module& module) {
  const auto faults = passes::check_schedules(module);
  if (faults.empty()) return true;
  // Only now it matters where they stand: the text is read once more.
  ir::SchedulePlaces places;
  Diagnostics unheard(session.sources);
  (void)frontend::load_lir(path, session.sources, unheard, &places);
  for (const passes::ScheduleFault& fault : faults) {
    Diagnostic diagnostic;
    if (const auto at = places.find(fault.at); at != places.end())
      diagnostic.place.span = at->second;
    diagnostic.message = fault.message;
    session.diagnostics.report(std::move(diagnostic));
  }
  return false;
}

std::optional<ir::Module> load_text_module(Session& session, const std::string& path) {
  auto module = frontend::load_lir(path, session.sources, session.diagnostics);
  if (module && !schedules_are_legal(session, path, *module)) return std::nullopt;
  return module;
}

}  // namespace linnet::cli
