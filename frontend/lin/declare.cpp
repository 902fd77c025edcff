// Reads the entries of data and train blocks by the records of what they may say.
#include "frontend/lin/declare.h"

#include "ir/data_kind.h"
#include "ir/graph.h"
#include "ir/optimizer.h"
#include "ir/recipe.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "base/shortest.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

namespace linnet::frontend {
namespace {

using ir::Setting;

// What a value or an entry of a block may be: a data kind, an optimiser, a schedule.
struct Kind {
  std::string_view name;
  std::vector<Setting> settings;
  const ir::DataKind* data = nullptr;
};

// What a value may mean.
const std::vector<Kind>& data_kinds() {
  static const auto kKinds = [] {
    std::vector<Kind> kinds;
    for (const ir::DataKind* kind : ir::all_data_kinds())
      kinds.push_back({kind->name, kind->settings, kind});
    return kinds;
  }();
  return kKinds;
}

// How to learn: each target and the kinds it may have; `number` is a plain number. The loss, an
// expression, is read by class Losses.
const std::map<std::string, std::vector<Kind>, std::less<>>& train_targets() {
  static const auto kTargets = [] {
    std::map<std::string, std::vector<Kind>, std::less<>> targets;
    for (const ir::TrainNumber& number : ir::train_numbers())
      targets[std::string(number.target)] = {{"number", {}}};
    targets["loss"] = {};
    for (const ir::Optimizer* optimizer : ir::all_optimizers())
      targets["optimizer"].push_back({optimizer->name, optimizer->settings});
    for (const ir::RateSchedule& schedule : ir::rate_schedules())
      targets["schedule"].push_back({schedule.name, schedule.settings});
    const Setting most = {
        .name = "value", .default_value = 1.0, .doc = {}, .range = ir::kPositive, .required = true};
    targets["clip"] = {{"norm", {most}}, {"value", {most}}};
    targets["freeze"] = {{"names", {}}};
    return targets;
  }();
  return kTargets;
}

// Where batch_norm is told what it does with shards.
constexpr std::string_view kSyncOfLayer =
    "`sync` is a setting of the layer: batch_norm2d(sync: true) takes the statistics of all "
    "shards, batch_norm2d() those of each";

class Declarer {
public:
  Declarer(const Declarations& block, std::string folder,
           const std::map<std::string, double>& settings, ir::Module& module,
           Diagnostics& diagnostics, bool built)
      : block_(block), folder_(std::move(folder)), settings_(settings), module_(module),
        diagnostics_(diagnostics), built_(built) {}

  void run() {
    const bool data = block_.keyword == "data";
    for (const auto& entry : block_.entries) {
      const std::vector<Kind>* kinds = &data_kinds();
      if (data) {
        if (!known_port(entry)) continue;
      } else {
        const auto target = train_targets().find(entry.target);
        if (target == train_targets().end()) {
          std::vector<std::string> names;
          for (const auto& [name, list] : train_targets())
            names.emplace_back(name);
          diagnostics_.error(entry.span, fmt::format("train has no entry '{}'", entry.target))
              .help(entry.target == "sync" ? std::string(kSyncOfLayer)
                                           : near_or_all(entry.target, names));
          continue;
        }
        kinds = &target->second;
        if (entry.target == "loss") continue;  // load_lin reads it
      }
      auto& list = data ? module_.data : module_.train;
      if (std::ranges::find(list, entry.target, &ir::Declaration::target) != list.end()) {
        diagnostics_.error(entry.span, fmt::format("'{}' is declared twice", entry.target));
        continue;
      }
      if (auto recipe = read(entry, *kinds))
        list.push_back({entry.target, std::move(*recipe), ir::Place(entry.span)});
    }
    if (!data) {
      check_watched();
      check_shards();
    }
  }

private:
  void refuse(const ir::Declaration& at, std::string message, std::string remedy) {
    Diagnostic diagnostic;
    diagnostic.place = at.place.diag();
    diagnostic.message = std::move(message);
    diagnostic.remedy = std::move(remedy);
    diagnostics_.report(std::move(diagnostic));
  }

  // Shards are equal parts of the batch.
  void check_shards() {
    const ir::Declaration* declared = module_.training("shards");
    if (!declared) return;
    const int64_t shards = ir::shards_of(module_.train);
    const auto batch = static_cast<int64_t>(ir::train_number(module_.train, "batch"));
    if (batch % shards == 0) return;
    int64_t fewer = std::min(shards, batch);
    while (batch % fewer != 0)
      --fewer;
    refuse(*declared,
           fmt::format("a batch of {} samples does not make {} equal shards", batch, shards),
           fmt::format("shards: {}, or batch: {}", fewer, round_up(batch, shards)));
  }

  // Early stopping and plateau watch the validation loss; settings of plateau are in their ranges.
  void check_watched() {
    const ir::Declaration* validation = module_.training("validation");
    const ir::Declaration* schedule = module_.training("schedule");
    const bool watched = validation && validation->recipe.attrs.get(ir::Key<double>{"value"}) > 0;
    const bool plateau = schedule && schedule->recipe.kind == "plateau";
    if (plateau && !watched)
      refuse(*schedule, "'plateau' watches the validation loss, and no samples are set apart",
             "validation: 10%");
    const ir::Declaration* patience = module_.training("patience");
    if (patience && !watched)
      refuse(*patience, "'patience' watches the validation loss, and no samples are set apart",
             "validation: 10%");
    if (!plateau) return;
    const auto value = [&](std::string_view name, double fallback) {
      return schedule->recipe.attrs.get_or(ir::Key<double>{name}, fallback);
    };
    const double factor = value("factor", 0.1);
    if (!(factor > 0 && factor < 1))
      refuse(*schedule,
             fmt::format("'factor' is {}; between 0 and 1 it makes the rate smaller",
                         shortest(factor)),
             "plateau(factor: 0.1)");
    for (const char* name : {"patience", "cooldown"}) {
      const double count = value(name, 0);
      if (count >= 0 && count == std::floor(count) && count < 1e15) continue;
      refuse(*schedule, fmt::format("'{}' is {}; epochs are whole numbers", name, shortest(count)),
             "");
    }
  }

  bool known_port(const Declarations::Entry& entry) {
    const ir::Graph& graph = module_.graphs.front();
    std::vector<std::string> names;
    for (const ir::GraphInput& input : graph.inputs) {
      const std::string& name = graph.value(input.value).name;
      if (input.slot.empty() && !name.starts_with(' ')) names.push_back(name);
    }
    for (const ir::GraphOutput& output : graph.outputs) {
      if (output.slot.empty()) names.push_back(output.name);
    }
    if (std::ranges::find(names, entry.target) != names.end()) return true;
    diagnostics_
        .error(entry.span, fmt::format("the model has no input or output '{}'", entry.target))
        .help(near_or_all(entry.target, names));
    return false;
  }

  static std::string near_or_all(const std::string& name, const std::vector<std::string>& names) {
    const std::string near = did_you_mean(name, names);
    return near.empty() ? "expected one of " + join(names, ", ") : near;
  }

  std::optional<ir::Recipe> read(const Declarations::Entry& entry, const std::vector<Kind>& kinds) {
    const Expr& value = *entry.value;
    if (kinds.size() == 1 && kinds.front().name == "number") return counted(entry);
    if (kinds.size() == 1 && kinds.front().name == "names") return frozen(entry);
    std::vector<std::string> names;
    for (const Kind& kind : kinds)
      names.emplace_back(kind.name);
    const bool call = value.kind == ExprKind::kCall;
    const auto kind = std::ranges::find(kinds, std::string_view(value.text), &Kind::name);
    if ((!call && value.kind != ExprKind::kName) || kind == kinds.end()) {
      diagnostics_
          .error(call ? value.name_span : value.span,
                 fmt::format("'{}' cannot be {}", entry.target,
                             value.text.empty() ? "this" : "'" + value.text + "'"))
          .help(near_or_all(value.text, names));
      return std::nullopt;
    }
    ir::Recipe recipe{std::string(kind->name), {}};
    bool ok = true;
    size_t next = 0;
    static const std::vector<Argument> kNone;
    for (const Argument& argument : call ? value.groups.front() : kNone) {
      const std::string name = !argument.name.empty() ? argument.name
                               : next < kind->settings.size()
                                   ? std::string(kind->settings[next++].name)
                                   : "";
      ok = set(recipe, *kind, name, argument) && ok;
    }
    for (const Setting& setting : kind->settings) {
      if (!setting.required || recipe.attrs.find(setting.name) || !ok) continue;
      diagnostics_.error(value.span, fmt::format("{} needs '{}'", kind->name, setting.name));
      ok = false;
    }
    return ok ? std::optional(recipe) : std::nullopt;
  }

  // batch, shards, epochs, steps, warmup, window, patience: whole numbers; validation: a part of
  // the whole.
  std::optional<ir::Recipe> counted(const Declarations::Entry& entry) {
    const Span span = entry.value->span;
    const auto number = this->number(*entry.value);
    const bool part = entry.target == "validation";
    const bool whole = number && *number == std::floor(*number) && *number >= 1 && *number < 1e15;
    if (!number) {
      diagnostics_.error(span, fmt::format("'{}' takes a number", entry.target));
    } else if (part && !(*number >= 0 && *number < 1)) {
      diagnostics_.error(span, "'validation' is a part of the training data, from 0 to below 1")
          .help("validation: 10%");
    } else if (!part && !whole) {
      diagnostics_.error(span, fmt::format("'{}' takes a whole number from 1 on", entry.target));
    } else {
      return ir::Recipe{"number", {{"value", *number}}};
    }
    return std::nullopt;
  }

  // Layers or parameters that are not trained: each must name something.
  std::optional<ir::Recipe> frozen(const Declarations::Entry& entry) {
    ir::Strings names;
    std::vector<const Expr*> elements;
    if (entry.value->kind == ExprKind::kList) {
      for (const ExprPtr& element : entry.value->operands)
        elements.push_back(element.get());
    } else {
      elements.push_back(entry.value.get());
    }
    bool ok = true;
    for (const Expr* element : elements) {
      const bool path = element->kind == ExprKind::kName || element->kind == ExprKind::kMember ||
                        element->kind == ExprKind::kString;
      std::vector<std::string> known;
      bool found = false;
      for (const ir::Slot& slot : module_.slots) {
        known.push_back(slot.path);
        known.push_back(slot.path.substr(0, slot.path.rfind('.')));
        found = found || slot.path == element->text || slot.path.starts_with(element->text + ".");
      }
      if (path && (found || !built_)) {
        names.push_back(element->text);
        continue;
      }
      diagnostics_
          .error(element->span,
                 path ? fmt::format("the model has no layer or parameter '{}'", element->text)
                      : "expected the name of a layer or parameter")
          .help(path ? did_you_mean(element->text, known) : "freeze: conv1, fc.weight");
      ok = false;
    }
    return ok ? std::optional(ir::Recipe{"freeze", {{"names", names}}}) : std::nullopt;
  }

  bool set(ir::Recipe& recipe, const Kind& kind, const std::string& name,
           const Argument& argument) {
    const auto setting = std::ranges::find(kind.settings, std::string_view(name), &Setting::name);
    if (setting == kind.settings.end()) {
      std::vector<std::string> names;
      for (const Setting& s : kind.settings)
        names.emplace_back(s.name);
      diagnostics_.error(argument.span, fmt::format("{} has no setting '{}'", kind.name, name))
          .help(names.empty() ? "it takes none" : near_or_all(name, names));
      return false;
    }
    auto attr = value_of(*setting, *argument.value);
    if (!attr) return false;
    recipe.attrs.set(name, std::move(*attr));
    if (kind.data && kind.data->doubt) warn(*kind.data, recipe, name, *argument.value);
    return true;
  }

  // What is allowed but hardly meant.
  void warn(const ir::DataKind& kind, const ir::Recipe& recipe, std::string_view setting,
            const Expr& value) {
    const auto doubt = kind.doubt({recipe, kind.settings});
    if (doubt && doubt->setting == setting)
      diagnostics_.warning(value.span, doubt->fault.message).help(doubt->fault.remedy);
  }

  std::optional<ir::Attr> value_of(const Setting& setting, const Expr& value) {
    const auto wrong = [&](std::string_view wanted) {
      diagnostics_.error(value.span, fmt::format("'{}' takes {}", setting.name, wanted));
      return std::optional<ir::Attr>();
    };
    // A number, or why it is none.
    const auto checked = [&](const Expr& expr, std::string_view what) -> std::optional<double> {
      const auto n = number(expr);
      if (!n) {
        wrong(what);
      } else if (!ir::allows(setting.range, *n)) {
        diagnostics_.error(expr.span, fmt::format("'{}' takes {}, not {}", setting.name,
                                                  ir::to_string(setting.range), shortest(*n)));
        return std::nullopt;
      }
      return n;
    };
    const ir::Attr& like = setting.default_value;
    if (std::holds_alternative<double>(like)) {
      const auto n = checked(value, "a number");
      return n ? std::optional<ir::Attr>(*n) : std::nullopt;
    }
    if (std::holds_alternative<ir::Doubles>(like)) {
      ir::Doubles list;
      std::vector<const Expr*> elements{&value};
      if (value.kind == ExprKind::kList) {
        elements.clear();
        for (const ExprPtr& element : value.operands)
          elements.push_back(element.get());
      }
      for (const Expr* element : elements) {
        const auto n = checked(*element, "a number or a list of them");
        if (!n) return std::nullopt;
        list.push_back(*n);
      }
      return ir::Attr(list);
    }
    if (std::holds_alternative<ir::Strings>(like)) return texts(setting, value);
    if (std::holds_alternative<bool>(like)) {
      if (value.kind == ExprKind::kName && (value.text == "true" || value.text == "false"))
        return ir::Attr(value.text == "true");
      return wrong("true or false");
    }
    if (std::holds_alternative<ir::Enum>(like)) {
      const bool known = value.kind == ExprKind::kName &&
                         std::ranges::find(setting.words, value.text) != setting.words.end();
      return known ? std::optional<ir::Attr>(ir::Enum{value.text})
                   : wrong(fmt::format("one of {}", fmt::join(setting.words, ", ")));
    }
    // Names of an ONNX model may need quotes.
    const bool name = setting.names_input && value.kind == ExprKind::kName;
    if (name || value.kind == ExprKind::kString) return ir::Attr(value.text);
    return wrong(setting.names_input ? "the name of an input" : "a string");
  }

  // ["cat", "dog"], 0..9 (both ends included), or file("labels.txt"), one a line.
  std::optional<ir::Attr> texts(const Setting& setting, const Expr& value) {
    ir::Strings list;
    if (value.kind == ExprKind::kList) {
      for (const ExprPtr& element : value.operands) {
        if (element->kind == ExprKind::kString) list.push_back(element->text);
      }
      if (list.size() == value.operands.size()) return ir::Attr(list);
    }
    if (value.kind == ExprKind::kRange) {
      const auto from = number(*value.operands[0]);
      const auto to = number(*value.operands[1]);
      if (from && to && *to >= *from && *to - *from < 100000) {
        for (double i = *from; i <= *to; ++i)
          list.push_back(shortest(i));
        return ir::Attr(list);
      }
    }
    const bool file = value.kind == ExprKind::kCall && value.text == "file" &&
                      value.groups.size() == 1 && value.groups[0].size() == 1 &&
                      value.groups[0][0].value->kind == ExprKind::kString;
    if (file) {
      const std::string path = folder_ + value.groups[0][0].value->text;
      const auto bytes = read_file(path, 1 << 20);
      if (!bytes) {
        diagnostics_.error(value.span, bytes.error().message);
        return std::nullopt;
      }
      std::istringstream in(std::string(bytes->begin(), bytes->end()));
      for (std::string line; std::getline(in, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) list.push_back(line);
      }
      return ir::Attr(list);
    }
    diagnostics_.error(value.span, fmt::format("'{}' takes texts", setting.name))
        .help("[\"cat\", \"dog\"], 0..9 or file(\"labels.txt\")");
    return std::nullopt;
  }

  // Numbers and their arithmetic: 1/255, 10%, -1. A setting of the model is known by value.
  std::optional<double> number(const Expr& expr) {
    if (expr.kind == ExprKind::kInteger || expr.kind == ExprKind::kReal) return expr.real;
    if (expr.kind == ExprKind::kName) {
      const auto known = settings_.find(expr.text);
      if (known != settings_.end()) return known->second;
    }
    if (expr.is_negation()) {
      const auto value = number(*expr.operands[0]);
      return value ? std::optional(-*value) : std::nullopt;
    }
    if (expr.kind != ExprKind::kBinary) return std::nullopt;
    const auto a = number(*expr.operands[0]);
    const auto b = number(*expr.operands[1]);
    if (!a || !b) return std::nullopt;
    switch (expr.op) {
    case Operator::kPlus:
      return *a + *b;
    case Operator::kMinus:
      return *a - *b;
    case Operator::kTimes:
      return *a * *b;
    case Operator::kDivide:
      return *a / *b;
    default:
      return std::nullopt;
    }
  }

  const Declarations& block_;
  std::string folder_;
  const std::map<std::string, double>& settings_;
  ir::Module& module_;
  Diagnostics& diagnostics_;
  bool built_;
};

}  // namespace

void declare(const Declarations& block, const std::string& folder,
             const std::map<std::string, double>& settings, ir::Module& module,
             Diagnostics& diagnostics, bool built) {
  Declarer(block, folder, settings, module, diagnostics, built).run();
}

}  // namespace linnet::frontend
