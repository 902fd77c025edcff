// Text IR as every command takes it.
#pragma once

#include "cli/session.h"
#include "ir/module.h"

#include <optional>
#include <string>

namespace linnet::cli {

// The module of a .lir whose schedules are legal; nullopt, with diagnostics, otherwise.
[[nodiscard]] std::optional<ir::Module> load_text_module(Session& session, const std::string& path);

// False, with an error at its place for each schedule of `path` that is not legal.
[[nodiscard]] bool schedules_are_legal(Session& session, const std::string& path,
                                       const ir::Module& module);

}  // namespace linnet::cli
