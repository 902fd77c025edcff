// Reads the text form of a module.
#pragma once

#include "ir/module.h"

#include "support/diag.h"

#include <map>
#include <optional>
#include <string>

namespace linnet::ir {

// Where the schedules of a text stand: of a kernel or graph by its name, of a node by the graph's
// and its first result's, "predict/y", and so on inwards.
using SchedulePlaces = std::map<std::string, Span>;

class TextScanner;

// `direct{lanes=8, vectors=2}` and where it stands; TextScanner's error where something else does.
struct PlacedSchedule {
  Schedule schedule;
  Span place;
};
[[nodiscard]] PlacedSchedule read_schedule(TextScanner& scan);

// Parses file `file` of the source manager; every node's place is its line. Errors go to
// `diagnostics`. `tensors` are the large constants of the file beside it. Fills in `schedules` if
// it is given.
[[nodiscard]] std::optional<Module> read(uint32_t file,
                                         const std::map<std::string, Tensor>& tensors,
                                         Diagnostics& diagnostics,
                                         SchedulePlaces* schedules = nullptr);

}  // namespace linnet::ir
