// linnet diff A B: two models, two reports, or one model under two settings.
#include "cli/diff.h"

#include "cli/build.h"
#include "cli/help.h"
#include "cli/race.h"
#include "cli/report.h"
#include "support/json_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace linnet::cli {
namespace {

constexpr int64_t kRounds = 16;  // of two calls timed in turn
constexpr size_t kMost = 12;     // lines of a section

struct DiffOptions {
  std::string a, b;
  std::string a_words, b_words;  // --a, --b
  ReportOptions both;
  double tolerance = 1e-4;
  bool all = false;
  bool json = false;
};

// One of the two, from its name to what is compared.
struct Side {
  std::string path, words;
  bool is_report = false;
  ReportOptions options;
  ReadReport report;
  ReportedProduct product;  // of a model

  [[nodiscard]] std::string name() const { return words.empty() ? path : path + " " + words; }
};

// "act" of "act=relu".
std::string_view name_of(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}
// Of what may be given several times a side's own come behind those of both, or in their place if
// they have the same name.
void add_common(const std::vector<std::string>& common, std::vector<std::string>& own) {
  std::vector<std::string> all;
  for (const std::string& one : common) {
    if (std::ranges::find(own, name_of(one), name_of) == own.end()) all.push_back(one);
  }
  own.insert(own.begin(), all.begin(), all.end());
}

// What --a or --b says, upon what is said of both; false, with the reason reported, if no model
// takes it.
bool take_words(Session& session, const std::string& flag, const std::string& words,
                const ReportOptions& both, ReportOptions& options) {
  options = both;
  const auto lists = [](ReportOptions& of) {
    return std::vector{&of.model.settings, &of.model.binds,       &of.model.maps,
                       &of.inputs,         &of.pipeline.disabled, &of.pipeline.families.disabled};
  };
  for (auto* list : lists(options))
    list->clear();
  CLI::App app("", "diff " + flag);
  app.set_help_flag();
  add_build_settings(app, session, options.model, options.pipeline, options.build);
  options.pipeline.add_threads(app);
  add_report_inputs(app, options.inputs);
  take_one_value_each(app);
  try {
    app.parse(words, false);
  } catch (const CLI::ParseError& error) {
    report_call(session, app, error);
    return false;
  }
  ReportOptions common = both;
  const auto own = lists(options), shared = lists(common);
  for (size_t i = 0; i < own.size(); ++i)
    add_common(*shared[i], *own[i]);
  return true;
}

class Diffing {
public:
  Diffing(Session& session, const DiffOptions& options, std::vector<std::string> given)
      : session_(session), options_(options), given_(std::move(given)) {}

  Status run() {
    if (options_.json) session_.progress.silence();
    if (!find_sides() || !call_is_good() || !read()) return session_.diagnostics.status();
    if (a_.report.kind != b_.report.kind) {
      session_.error(
          fmt::format("{} is a report of {}, {} of {}", a_.name(), kind(a_), b_.name(), kind(b_)),
          Status::kBadCall, "--train makes both of a training step");
      return session_.diagnostics.status();
    }
    Diff diff = diff_of(a_.report, b_.report);
    if (!diff.times && diff.no_times.empty() && !options_.both.no_times)
      diff.no_times = missing(bool(a_.report.whole_ns), bool(b_.report.whole_ns));
    if (options_.both.no_times) {  // of two reports that have them
      diff.times.reset();
      diff.times_of.clear();
      diff.no_times.clear();
    }
    if (!options_.both.no_numbers && a_.report.kind != "training") add_values(diff);
    if (!time_in_turn(diff)) return session_.diagnostics.status();
    const DiffNames names{a_.name(), b_.name()};
    if (options_.json) {
      fmt::print("{}\n", json_text(diff_json(diff, names, options_.tolerance)));
    } else {
      const size_t most = options_.all ? 0 : kMost;
      std::fputs(
          diff_text(diff, names, options_.tolerance, most, colour_wanted(STDOUT_FILENO)).c_str(),
          stdout);
    }
    return diff.same() ? Status::kDone : Status::kBadInput;
  }

private:
  static std::string_view kind(const Side& side) {
    return side.report.kind == "training" ? "a training step" : "inference";
  }

  bool find_sides() {
    a_.path = options_.a;
    a_.words = options_.a_words;
    b_.path = options_.b.empty() ? options_.a : options_.b;
    b_.words = options_.b_words;
    const auto take = [&](Side& side, const std::string& flag) {
      side.is_report = names_report(side.path);
      if (!take_words(session_, flag, side.words, options_.both, side.options)) return false;
      side.options.model.path = side.path;
      if (!side.is_report || side.words.empty()) return true;
      session_.error(fmt::format("{} is a report: it takes no {}", side.path, flag),
                     Status::kBadCall, "give the model instead");
      return false;
    };
    return take(a_, "--a") && take(b_, "--b");
  }

  bool call_is_good() {
    if (options_.b.empty() && a_.words == b_.words) {
      session_.error("one file, and nothing that differs", Status::kBadCall,
                     "give a second one, or an option of one side: --b \"--target x86-64-v2\"");
    } else if (a_.path == "-" && b_.path == "-") {
      session_.error("standard input is read only once", Status::kBadCall,
                     "give the model as a file");
    } else if (a_.is_report && b_.is_report && !given_.empty()) {
      session_.error(fmt::format("{}: both are reports, which are what they are", given_.front()),
                     Status::kBadCall, "leave it out, or give models");
    } else {
      return true;
    }
    return false;
  }

  // Reports first: what one of them does not have need not be computed for a model.
  bool read() {
    for (Side* side : {&a_, &b_}) {
      if (side->is_report && !read(*side)) return false;
    }
    for (const auto& [side, other] : {std::pair{&a_, &b_}, {&b_, &a_}}) {
      if (side->is_report) continue;
      if (other->is_report) {
        side->options.no_times |= !other->report.whole_ns;
        side->options.no_numbers |= !other->report.numbers;
      }
      if (!read(*side)) return false;
    }
    return true;
  }

  bool read(Side& side) {
    if (side.is_report) {
      auto report = read_report(session_, side.path);
      if (report) side.report = std::move(*report);
      return report.has_value();
    }
    const auto data = report_data(session_, side.options, nullptr, &side.product);
    if (data) side.report = ReadReport::of(nlohmann::json(*data));
    return data.has_value();
  }

  // Why there is nothing to compare although nobody left it out; of a machine that is not this one
  // there are neither times nor values.
  [[nodiscard]] std::string missing(bool a, bool b) const {
    if (a || b) return a ? "B has none" : "A has none";
    return a_.is_report || b_.is_report ? "a report has none" : "code for neither runs here";
  }
  void add_values(Diff& diff) const {
    if (!a_.report.numbers || !b_.report.numbers) {
      diff.values.emplace();
      diff.values->why_not = missing(bool(a_.report.numbers), bool(b_.report.numbers));
    } else if (a_.is_report || b_.is_report) {
      diff.values = values_diff(diff, a_.report, b_.report);
    } else {
      diff.values = values_diff(diff, a_.report, b_.report, a_.product.values, b_.product.values);
    }
  }

  // Whole calls again: of two figures measured one after the other a noisy neighbour meets but one.
  bool time_in_turn(Diff& diff) {
    if (!diff.times || a_.is_report || b_.is_report) return true;
    const Working working(session_, "timing");
    const auto a = timed_call(session_, a_.options, *a_.product.product);
    const auto b = timed_call(session_, b_.options, *b_.product.product);
    if (!a || !b) return false;
    const Race times = race({[&] { a->whole(); }}, {[&] { b->whole(); }}, kRounds);
    diff.times->a_ns = times.before_ns;
    diff.times->b_ns = times.after_ns;
    diff.times->ratio = times.ratio;
    diff.times->in_turn = true;
    return true;
  }

  Session& session_;
  const DiffOptions& options_;
  std::vector<std::string> given_;  // options that say how a model is compiled
  Side a_, b_;
};

void add_own_options(CLI::App& command, Session& session, DiffOptions& options) {
  add_quiet(command, session);
  command.add_option("A", options.a, "A model, or a report: F.json or F.html of `linnet report`")
      ->required();
  command.add_option("B", options.b, "Another one; without it A under other options");
  command.add_option("--a", options.a_words, "Further options of A, as one word")
      ->type_name("'OPTIONS'");
  command.add_option("--b", options.b_words, "Further options of B: --b '--target x86-64-v2'")
      ->type_name("'OPTIONS'");
  command
      .add_option("--tolerance", options.tolerance,
                  "Difference of a value, as a share of its largest magnitude, that is named first")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("T");
  command.add_flag("--no-times", options.both.no_times, "Measure and compare no times");
  command.add_flag("--no-numbers", options.both.no_numbers, "Compute and compare no values");
  command.add_flag("--all", options.all, "Long lists to their end");
  command.add_flag("--json", options.json, "Print all that differs for machines");
}

}  // namespace

void add_diff(CLI::App& app, Session& session) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App* command =
      app.add_subcommand("diff", "Tell what differs between two models, or one under two settings");
  command->footer("linnet diff lenet.lin --b '--target x86-64-v2'");
  ReportOptions& both = options->both;
  add_build_settings(*command, session, both.model, both.pipeline, both.build);
  both.pipeline.add_threads(*command);
  add_report_inputs(*command, both.inputs);
  command->add_flag("--train", both.train, "A training step instead of inference");
  const std::vector<CLI::Option*> building = command->get_options();
  add_own_options(*command, session, *options);
  command->callback([&session, options, building] {
    std::vector<std::string> given;
    for (const CLI::Option* option : building) {
      if (option->count() != 0) given.push_back(option->get_name());
    }
    session.command = [options, given](Session& s) { return Diffing(s, *options, given).run(); };
  });
}

}  // namespace linnet::cli
