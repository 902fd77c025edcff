// Reads and writes the file of `linnet tune`.
#include "passes/schedule/tuning.h"

#include "ir/read.h"
#include "ir/text_scanner.h"
#include "passes/lib/kernel_names.h"
#include "passes/schedule/families.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::passes {
namespace {

constexpr size_t kKeyDigits = 16;

bool is_key(const std::string& text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kKeyDigits && std::ranges::all_of(text, digit);
}

// What can be said of a schedule without the kernel.
void check_family(ir::TextScanner& scan, const ir::Place& place, const ir::Schedule& schedule) {
  if (schedule.get(kThreads, -1) >= 0)
    scan.fail(place,
              "threads is no number of a kernel: --threads and training set it where it pays");
  if (find_family(schedule.family)) return;
  std::vector<std::string> names;
  for (const Family& family : families())
    names.emplace_back(family.name);
  const std::string near = did_you_mean(schedule.family, names);
  scan.fail(place, fmt::format("no kernel family '{}'{}{}; the families: {}", schedule.family,
                               near.empty() ? "" : "; ", near, join(names, ", ")));
}

// The comment behind what ends at `end`, on its line.
std::string comment_behind(std::string_view text, size_t end) {
  std::string_view rest = text.substr(end, text.find('\n', end) - end);
  const size_t mark = rest.find("//");
  if (mark == rest.npos) return "";
  rest.remove_prefix(mark + 2);
  while (!rest.empty() && rest.front() == ' ')
    rest.remove_prefix(1);
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\r'))
    rest.remove_suffix(1);
  return std::string(rest);
}

}  // namespace

std::optional<Tuning> Tuning::read(uint32_t file, Diagnostics& diagnostics) {
  ir::TextScanner scan(file, diagnostics);
  Tuning tuning;
  try {
    while (!scan.at_end()) {
      if (!scan.peek_string())
        scan.fail("expected a target in quotes, a kernel and its schedule: \"x86-64-v3\" "
                  "95d1b0a3c7e26f48 direct{lanes=8, …}");
      const std::string target = scan.string();
      const ir::Place kernel_place = scan.here();
      const std::string kernel = scan.name();
      if (!is_key(kernel))
        scan.fail(kernel_place, fmt::format("expected a kernel, {} hexadecimal digits, found '{}'",
                                            kKeyDigits, kernel));
      if (tuning.find(target, kernel))
        scan.fail(kernel_place, fmt::format("kernel {} of \"{}\" has a schedule above; keep one",
                                            kernel, target));
      const ir::PlacedSchedule read = ir::read_schedule(scan);
      check_family(scan, read.place, read.schedule);
      tuning.set(target, kernel,
                 {read.schedule, comment_behind(diagnostics.sources().text(file), read.place.end),
                  read.place, false});
    }
  } catch (const ir::TextScanner::Stop&) {
    return std::nullopt;
  }
  return tuning;
}

std::string Tuning::text() const {
  std::string text = "// By `linnet tune`: target, kernel, its fastest schedule. For --tuning of "
                     "compile, bench and others.\n";
  for (const auto& [key, line] : lines_) {
    text += fmt::format("\"{}\" {} {}{}{}\n", key.first, key.second, to_string(line.schedule),
                        line.remark.empty() ? "" : "  // ", line.remark);
  }
  return text;
}

TunedSchedule* Tuning::find(const std::string& target, const std::string& kernel) {
  const auto at = lines_.find({target, kernel});
  return at == lines_.end() ? nullptr : &at->second;
}

void Tuning::set(const std::string& target, const std::string& kernel, TunedSchedule schedule) {
  lines_.insert_or_assign({target, kernel}, std::move(schedule));
}

void Tuning::drop(const std::string& target, const std::string& kernel) {
  lines_.erase({target, kernel});
}

std::string tuning_key(const Candidate& group) {
  ir::Graph bare = group.body;
  bare.schedule.reset();
  std::string content = kernel_content(bare);
  for (size_t i = 0; i < group.constant.size(); ++i)
    content += group.constant[i] ? " constant" : " value";
  return content_hash(content);
}

}  // namespace linnet::passes
