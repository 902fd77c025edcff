// Prints a difference for people: what an engineer asks first comes first, and only what differs.
#include "cli/diff.h"
#include "cli/text_table.h"
#include "support/text.h"

#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace linnet::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kColumns = 100;  // of figures in a line

// "+12 %", "× 3.1", or "" of what has no ratio.
std::string ratio_text(double a, double b) {
  if (!(a > 0) || !(b > 0)) return "";
  const double ratio = b / a;
  if (ratio >= 2 || ratio <= 0.5) return fmt::format("× {:.3g}", ratio);
  return fmt::format("{:+.1f} %", 100 * (ratio - 1));
}

std::string value_text(const Json& value) {
  if (value.is_null()) return "–";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return thousands(value.get<int64_t>());
  return fmt::format("{:.3g}", value.get<double>());
}

std::string ns_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.3g} ns", ns);
  if (ns < 1e6) return fmt::format("{:.3g} µs", ns * 1e-3);
  return fmt::format("{:.3g} ms", ns * 1e-6);
}

std::string counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string both(const std::string& a, const std::string& b) {
  return a == b ? a : a + " → " + b;
}

class DiffText {
public:
  DiffText(const Diff& diff, double tolerance, size_t most, bool colour)
      : diff_(diff), tolerance_(tolerance), most_(most), colour_(colour) {}

  std::string write(const DiffNames& names) {
    text_ = summary() + "\n";
    text_ += paint('-', "A  " + names.a) + "\n" + paint('+', "B  " + names.b) + "\n";
    if (!diff_.settings.empty()) changes("settings", diff_.settings);
    times();
    if (!diff_.structure.same()) structure();
    if (!diff_.passes.same()) passes();
    if (!diff_.kernels.empty()) kernels();
    if (!diff_.memory.empty()) changes("memory, bytes", diff_.memory);
    values();
    return std::move(text_);
  }

private:
  [[nodiscard]] std::string paint(char side, const std::string& line) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", side == '-' ? 31 : 32, line) : line;
  }
  void title(const std::string& line) {
    text_ += colour_ ? fmt::format("\n\x1b[1m{}\x1b[0m\n", line) : "\n" + line + "\n";
  }
  // How many of `size` items are printed; what the line under them says of the rest.
  [[nodiscard]] size_t shown(size_t size) const {
    return most_ == 0 ? size : std::min(size, most_);
  }
  void rest(size_t size) {
    if (size > shown(size))
      text_ += fmt::format("… and {} more: --all prints them\n", size - shown(size));
  }

  [[nodiscard]] int64_t outputs_that_differ() const {
    return std::ranges::count(diff_.values->values, true, &ValueDiff::output);
  }
  [[nodiscard]] std::string differing_values() const {
    if (diff_.values->values.empty()) return "shapes of values";
    if (outputs_that_differ() == 0) return "values";
    double most = 0;
    for (const ValueDiff& value : diff_.values->values) {
      if (value.output) most = std::max(most, value.relative);
    }
    return fmt::format("outputs by {:.2g} of their magnitude", most);
  }
  // What the summary ends with; `same`: nothing else differs.
  [[nodiscard]] std::string of_outputs(bool same) const {
    const ValuesDiff& values = *diff_.values;
    if (!values.why_not.empty()) return "; values are not compared";
    if (outputs_that_differ() != 0) return "";
    if (!values.all_outputs()) return "; not all outputs are compared";
    if (values.outputs == 0) return "";
    const std::string what = values.compiled ? "outputs" : "what reports keep of outputs";
    return same ? " and " + what
                : fmt::format("; {} {} equal", what, values.compiled ? "are" : "is");
  }
  [[nodiscard]] std::string summary() const {
    std::vector<std::string> parts;
    const StructureDiff& structure = diff_.structure;
    if (!structure.lines.empty())
      parts.push_back(counted(static_cast<int64_t>(structure.lines.size()), "line") +
                      " of the model");
    if (structure.lines.empty() && !structure.same()) parts.emplace_back("names or types");
    if (!diff_.passes.same()) parts.emplace_back("passes");
    if (!diff_.kernels.empty())
      parts.push_back(fmt::format("{} of {} kernels", diff_.kernels.size(),
                                  diff_.a_kernels + diff_.b_kernels - diff_.paired.size()));
    if (!diff_.memory.empty()) parts.emplace_back("memory");
    if (diff_.values && !(diff_.values->values.empty() && diff_.values->other_shapes.empty()))
      parts.push_back(differing_values());
    std::string line;
    if (diff_.times) {
      const bool samples = diff_.times->a_samples != diff_.times->b_samples;
      line = fmt::format("B takes {:.3g} times as long as A{}; ", diff_.times->ratio_of_a_sample(),
                         samples ? " for a sample" : "");
    }
    line += parts.empty() ? "A and B are the same in structure, passes, kernels, memory"
                          : "A and B differ in " + join(parts, ", ");
    if (diff_.values) line += of_outputs(parts.empty());
    return line;
  }

  void changes(const std::string& name, const std::vector<Change>& list) {
    text_ += "\n";
    TextTable table({name, ">A", ">B", ">"});
    for (const Change& change : list) {
      const bool numbers = change.a.is_number() && change.b.is_number();
      table.row({change.name, value_text(change.a), value_text(change.b),
                 numbers ? ratio_text(change.a.get<double>(), change.b.get<double>()) : ""});
    }
    text_ += table.text(terminal_columns());
  }

  void line(char side, const std::string& line, const std::string& place) {
    text_ +=
        paint(side, fmt::format("{} {}{}", side, line, place.empty() ? "" : "  # " + place)) + "\n";
  }
  void structure() {
    const StructureDiff& structure = diff_.structure;
    title(fmt::format("structure: {} nodes and {}", structure.a_nodes, structure.b_nodes));
    for (size_t i = 0; i < shown(structure.lines.size()); ++i) {
      const LineChange& change = structure.lines[i];
      if (!change.a.empty()) line('-', change.a, change.a_place);
      if (!change.b.empty()) line('+', change.b, change.b_place);
    }
    rest(structure.lines.size());
    if (structure.renamed != 0)
      text_ += fmt::format("{} only called otherwise\n", counted(structure.renamed, "declaration"));
    if (structure.types != 0)
      text_ += fmt::format("{} other types, which follow from their operands'\n",
                           structure.types == 1 ? "1 node has"
                                                : counted(structure.types, "node") + " have");
  }

  void passes() {
    const PassesDiff& passes = diff_.passes;
    if (passes.first == "import") {
      title("passes: the modules differ from the import on");
    } else if (passes.first.empty()) {
      title("passes: the modules are the same after each");
    } else {
      title("passes: the modules are the same until " + passes.first + " makes them differ");
    }
    if (!passes.same_again.empty())
      text_ += "they are the same again after " + passes.same_again + "\n";
    if (passes.passes.empty()) return;
    TextTable table({"pass", ">rewrites A", ">B", ">nodes after it A", ">B"});
    for (size_t i = 0; i < shown(passes.passes.size()); ++i) {
      const PassDiff& pass = passes.passes[i];
      const auto cell = [](const std::optional<int64_t>& count) {
        return count ? std::to_string(*count) : "–";
      };
      table.row({pass.pass, cell(pass.a_rewrites), cell(pass.b_rewrites), cell(pass.a_nodes),
                 cell(pass.b_nodes)});
    }
    text_ += table.text(terminal_columns());
    rest(passes.passes.size());
  }

  void kernels() {
    title(fmt::format("kernels: {} in A, {} in B, {} differ", diff_.a_kernels, diff_.b_kernels,
                      diff_.kernels.size()));
    for (size_t i = 0; i < shown(diff_.kernels.size()); ++i) {
      const KernelDiff& kernel = diff_.kernels[i];
      if (kernel.a.empty()) {
        line('+', kernel.b + "  " + kernel.schedule, "");
      } else if (kernel.b.empty()) {
        line('-', kernel.a + "  " + kernel.schedule, "");
      } else {
        text_ += "  " + both(kernel.a, kernel.b) + "\n";
        facts(kernel);
      }
    }
    rest(diff_.kernels.size());
  }
  // The schedule in a line of its own, which has the family's name; figures together in another.
  void facts(const KernelDiff& kernel) {
    std::vector<std::string> lines;
    for (const Change& change : kernel.changes) {
      const std::string values = fmt::format("{} → {}", value_text(change.a), value_text(change.b));
      if (change.name == "schedule") text_ += "      " + values + "\n";
      if (change.name == "schedule" || change.name == "family" ||
          change.name == "FLOP an iteration" || change.name == "bound by")
        continue;
      std::string fact = change.name + " " + values;
      if (lines.empty() || lines.back().size() + fact.size() > kColumns) {
        if (!lines.empty()) lines.back() += ',';
        lines.push_back("      " + std::move(fact));
      } else {
        lines.back() += ", " + fact;
      }
    }
    if (kernel.changes.empty()) lines.emplace_back("      other instructions, in as many bytes");
    for (const std::string& one : lines)
      text_ += one + "\n";
  }

  void times() {
    if (!diff_.no_times.empty()) title("times are not compared: " + diff_.no_times);
    if (!diff_.times) return;
    const TimesDiff& times = *diff_.times;
    text_ += "\n";
    TextTable table({"time", ">A", ">B", ">B / A"});
    table.row({times.in_turn ? "the call, timed in turn" : "the call", ns_text(times.a_ns),
               ns_text(times.b_ns), fmt::format("{:.3g}", times.ratio)});
    if (times.a_samples != times.b_samples)
      table.row({"a sample", ns_text(times.a_ns / static_cast<double>(times.a_samples)),
                 ns_text(times.b_ns / static_cast<double>(times.b_samples)),
                 fmt::format("{:.3g}", times.ratio_of_a_sample())});
    std::vector<KernelDiff> rows = diff_.times_of;
    std::ranges::stable_sort(rows, std::ranges::greater(), [](const KernelDiff& row) {
      return std::fabs(*row.b_ns - *row.a_ns);
    });
    for (size_t i = 0; i < shown(rows.size()); ++i)
      table.row({both(rows[i].a, rows[i].b), ns_text(*rows[i].a_ns), ns_text(*rows[i].b_ns),
                 *rows[i].a_ns > 0 ? fmt::format("{:.3g}", *rows[i].b_ns / *rows[i].a_ns) : ""});
    text_ += table.text(terminal_columns());
    rest(rows.size());
    text_ += "each measured once: `linnet bench --compare` tells a difference from noise\n";
  }

  void values() {
    if (!diff_.values) return;
    const ValuesDiff& values = *diff_.values;
    if (!values.why_not.empty()) {
      title("values are not compared: " + values.why_not);
      text_ += "that counts as a difference; --no-numbers leaves values out\n";
      return;
    }
    if (!values.all_outputs())
      title(fmt::format("outputs: {} in A, {} in B, {} compared", values.a_outputs,
                        values.b_outputs, values.outputs));
    for (const std::string& other : values.other_shapes)
      text_ += other + " have other shapes\n";
    if (values.values.empty()) return;
    title(fmt::format("values: {} of {} that correspond differ, by {}", values.values.size(),
                      values.compared,
                      values.compiled ? "compiled code"
                                      : "what reports keep of them (range, mean, a few elements)"));
    const ValueDiff* first = values.first(tolerance_);
    TextTable table(
        {"value", ">difference", ">relative", ">sample", "element", ">A", ">B", "place"});
    for (const ValueDiff& value : values.values) {
      if (value.output || &value == first) table.row(cells(value));
    }
    text_ += table.text(terminal_columns());
    if (first->relative <= tolerance_) {
      text_ += fmt::format("all within {:g} of the largest magnitude\n", tolerance_);
    } else {
      text_ += fmt::format("the first beyond {:g} of the largest magnitude: {}  {}\n", tolerance_,
                           both(first->a, first->b), first->place);
    }
  }
  static std::vector<std::string> cells(const ValueDiff& value) {
    return {both(value.a, value.b),
            fmt::format("{:.3g}", value.absolute),
            fmt::format("{:.3g}", value.relative),
            value.of.empty() ? std::to_string(value.sample) : "",
            value.of.empty() ? shape_text(value.element) : value.of,
            fmt::format("{:.7g}", value.a_value),
            fmt::format("{:.7g}", value.b_value),
            value.place};
  }

  const Diff& diff_;
  double tolerance_;
  size_t most_;
  bool colour_;
  std::string text_;
};

}  // namespace

std::string diff_text(const Diff& diff, const DiffNames& names, double tolerance, size_t most,
                      bool colour) {
  return DiffText(diff, tolerance, most, colour).write(names);
}

}  // namespace linnet::cli
