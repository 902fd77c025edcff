// Schedules that were found by timing them: read from a file, asked by choose_schedules, written.
#pragma once

#include "ir/graph.h"
#include "passes/schedule/family.h"

#include "support/diag.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace linnet::passes {

// A line of the file: of a kernel on a target the schedule that was fastest.
struct TunedSchedule {
  ir::Schedule schedule;
  std::string remark;    // what it gained: a comment behind it, or ""
  ir::Place place;       // of the line that was read
  bool matched = false;  // a group of a module had this kernel
};

// One schedule for each kernel and target:
//   "x86-64-v3" 95d1b0a3c7e26f48 direct{lanes=8, vectors=2, pixels=1, samples=1} // what it gained
// sorted, so that the same schedules give the same text. Blanks, lines and `//` comments as in text
// IR.
class Tuning {
public:
  // Of file `file` of the source manager; nullopt, with an error at its place, if it is none.
  [[nodiscard]] static std::optional<Tuning> read(uint32_t file, Diagnostics& diagnostics);
  [[nodiscard]] std::string text() const;

  // nullptr: there is none.
  [[nodiscard]] TunedSchedule* find(const std::string& target, const std::string& kernel);
  void set(const std::string& target, const std::string& kernel, TunedSchedule schedule);
  void drop(const std::string& target, const std::string& kernel);

  // By target and kernel.
  using Lines = std::map<std::pair<std::string, std::string>, TunedSchedule>;
  [[nodiscard]] const Lines& lines() const { return lines_; }
  // Has choose_schedules looked into it?
  bool asked = false;

private:
  Lines lines_;
};

// By which a kernel is known before it has a schedule: 16 hexadecimal digits of what it computes,
// its shapes, and which of its operands are constants. The same in every model, whatever layers and
// values are called.
[[nodiscard]] std::string tuning_key(const Candidate& group);

}  // namespace linnet::passes
