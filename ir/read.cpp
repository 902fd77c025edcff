// The parser of the IR's text form: a module, or every fault with line and column.
#include "ir/read.h"

#include "ir/builder.h"
#include "ir/text_scanner.h"

#include "support/text.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

constexpr int kMaxDepth = 16;  // groups within groups

bool fits(DType dtype, int64_t value) {
  if (dtype == DType::kI64) return true;
  if (dtype == DType::kBool) return value == 0 || value == 1;
  const int bits = 8 * static_cast<int>(size_of(dtype));
  const bool negative = dtype != DType::kU8;
  const int64_t least = negative ? -(int64_t{1} << (bits - 1)) : 0;
  return value >= least && value - least < (int64_t{1} << bits);
}

// Recursive descent over the scanner's tokens; the first error ends it by Stop.
class Reader {
public:
  Reader(uint32_t file, const std::map<std::string, Tensor>& tensors, Diagnostics& diagnostics,
         SchedulePlaces* schedules)
      : scan_(file, diagnostics), tensors_(tensors), schedules_(schedules) {}

  Module module() {
    scan_.expect_word("lir");
    const Place version = scan_.here();
    if (scan_.integer() != 1) scan_.fail(version, "this linnet reads `lir 1`");
    scan_.expect_word("module");
    Module module;
    module.name = scan_.name();
    while (!scan_.at_end()) {
      if (scan_.accept_word("data")) {
        module.data.push_back(declaration());
      } else if (scan_.accept_word("train")) {
        module.train.push_back(declaration());
      } else if (scan_.accept_word("slot")) {
        module.slots.push_back(slot());
      } else if (scan_.accept_word("kernel")) {
        module.kernels.push_back(entry());
      } else if (scan_.accept_word("graph")) {
        module.graphs.push_back(entry());
      } else {
        scan_.fail("expected `data`, `train`, `slot`, `kernel` or `graph`");
      }
    }
    return module;
  }

private:
  Declaration declaration() {
    Declaration declaration;
    declaration.place = scan_.here();
    declaration.target = scan_.name();
    scan_.expect("=");
    declaration.recipe = recipe();
    return declaration;
  }

  Recipe recipe() {
    Recipe recipe;
    recipe.kind = scan_.word();
    scan_.expect("(");
    while (!scan_.accept(")")) {
      const std::string name = scan_.word();
      scan_.expect(":");
      recipe.attrs.set(name, attr());
      if (!scan_.peek(")")) scan_.expect(",");
    }
    return recipe;
  }

  Slot slot() {
    Slot slot;
    slot.place = scan_.here();
    slot.frozen = scan_.accept_word("frozen");
    const Place at = scan_.here();
    const auto kind = slot_kind_from_name(scan_.word());
    if (!kind) scan_.fail(at, "expected param, buffer, optimizer, state or counter");
    slot.kind = *kind;
    scan_.expect("@");
    slot.path = scan_.name();
    scan_.expect(":");
    slot.type = type();
    scan_.expect("=");
    slot.initializer = recipe();
    if (scan_.accept_word("value")) slot.value = payload(slot.type);
    return slot;
  }

  Attr attr() {
    if (scan_.peek_string()) return scan_.string();
    if (scan_.peek_number()) return scan_.number();
    if (scan_.accept("[")) return list();
    const std::string word = scan_.word();
    if (word == "true" || word == "false") return word == "true";
    if (word == "inf") return std::numeric_limits<double>::infinity();
    if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (const auto dtype = dtype_from_name(word)) return *dtype;
    return Enum{word};
  }

  Attr list() {
    const Place at = scan_.here();
    std::vector<Attr> items;
    while (!scan_.accept("]")) {
      items.push_back(attr());
      if (!scan_.peek("]")) scan_.expect(",");
    }
    Ints ints;
    Doubles doubles;
    Strings strings;
    for (const Attr& item : items) {
      if (const auto* integer = std::get_if<int64_t>(&item)) {
        ints.push_back(*integer);
        doubles.push_back(static_cast<double>(*integer));
      } else if (const auto* number = std::get_if<double>(&item)) {
        doubles.push_back(*number);
      } else if (const auto* text = std::get_if<std::string>(&item)) {
        strings.push_back(*text);
      }
    }
    if (ints.size() == items.size()) return ints;
    if (doubles.size() == items.size()) return doubles;
    if (strings.size() == items.size()) return strings;
    scan_.fail(at, "a list holds integers, numbers or strings");
  }

  Type type() {
    const Place at = scan_.here();
    const std::string word = scan_.word();
    const auto dtype = dtype_from_name(word);
    if (!dtype) scan_.fail(at, fmt::format("'{}' is no dtype", word));
    Type type{*dtype, {}, {}};
    scan_.expect("[");
    while (!scan_.accept("]")) {
      type.shape.push_back(scan_.integer());
      if (!scan_.peek("]")) scan_.expect(",");
      if (type.shape.size() > kMaxRank) scan_.fail(fmt::format("at most {} dimensions", kMaxRank));
    }
    if (!valid(type.shape, type.dtype))
      scan_.fail(at, to_string(type.shape) + " is no legal shape");
    if (const std::string text = scan_.adjacent_braces(); !text.empty()) {
      auto layout = layout_from_text(text, type.rank());
      if (!layout) scan_.fail(at, fmt::format("'{}' is no layout of rank {}", text, type.rank()));
      type.layout = std::move(*layout);
    }
    return type;
  }

  std::optional<Storage> storage() {
    if (!scan_.accept_word("in")) return std::nullopt;
    const Place at = scan_.here();
    const std::string word = scan_.word();
    constexpr std::pair<std::string_view, Memory> kMemories[] = {{"input", Memory::kInput},
                                                                 {"output", Memory::kOutput},
                                                                 {"slot", Memory::kSlot},
                                                                 {"arena", Memory::kArena},
                                                                 {"constant", Memory::kConstant}};
    for (const auto& [name, memory] : kMemories) {
      if (name != word) continue;
      if (memory == Memory::kArena || memory == Memory::kConstant) scan_.expect("+");
      return Storage{memory, scan_.integer()};
    }
    scan_.fail(at, fmt::format("'{}' is no memory", word));
  }

  struct Definition {
    std::string name;
    Type type;
    std::optional<Storage> storage;
    Place place;
  };

  Definition definition() {
    Definition result;
    scan_.expect("%");
    result.place = scan_.here();
    result.name = scan_.name();
    scan_.expect(":");
    result.type = type();
    result.storage = storage();
    return result;
  }

  Graph entry() {
    Graph graph;
    scan_.expect("@");
    graph.name = scan_.name();
    path_ = graph.name;
    inputs(graph);
    if (!scan_.peek("{")) graph.schedule = schedule();
    scan_.expect("{");
    body(graph, 0);
    return graph;
  }

  void inputs(Graph& graph) {
    scan_.expect("(");
    while (!scan_.accept(")")) {
      const Definition input = definition();
      const std::string slot = scan_.accept("=") ? (scan_.expect("@"), scan_.name()) : "";
      refuse_known(graph, input);
      graph.value(graph.add_input(input.name, input.type, slot)).storage = input.storage;
      if (!scan_.peek(")")) scan_.expect(",");
    }
  }

  void refuse_known(const Graph& graph, const Definition& value) {
    if (graph.find(value.name))
      scan_.fail(value.place, fmt::format("%{} is defined twice", value.name));
  }

  Schedule schedule() {
    PlacedSchedule read = read_schedule(scan_);
    if (schedules_) schedules_->emplace(path_, read.place);
    return std::move(read.schedule);
  }

  ValueId use(const Graph& graph) {
    if (scan_.accept_word("_")) return {};
    scan_.expect("%");
    const Place at = scan_.here();
    const std::string name = scan_.name();
    const ValueId value = graph.find(name);
    if (!value) scan_.fail(at, fmt::format("%{} is not defined", name));
    return value;
  }

  void body(Graph& graph, int depth) {
    if (depth > kMaxDepth) scan_.fail("groups are nested too deeply");
    while (!scan_.accept_word("return"))
      node(graph, depth);
    do {
      GraphOutput output;
      if (!scan_.peek("%")) {
        output.name = scan_.name();
        scan_.expect("=");
      }
      output.value = use(graph);
      if (scan_.accept("->")) {
        scan_.expect("@");
        output.slot = scan_.name();
      }
      graph.outputs.push_back(std::move(output));
    } while (scan_.accept(","));
    scan_.expect("}");
  }

  Tensor payload(const Type& type) {
    const auto elements = static_cast<size_t>(type.elements());
    Type dense = type;
    dense.layout = {};
    if (scan_.accept("@")) {
      const Place place = scan_.here();
      const std::string path = scan_.name();
      const auto found = tensors_.find(path);
      if (found == tensors_.end()) {
        scan_.fail(place, tensors_.empty()
                              ? fmt::format("the tensor '{}' is missing, for no file of this one's "
                                            "name + .safetensors lies beside it; copy that too",
                                            path)
                              : fmt::format("the safetensors file beside this one has no tensor "
                                            "'{}'",
                                            path));
      }
      if (!found->second.type().same_logical(dense)) {
        scan_.fail(place, fmt::format("'{}' is {}, not {}", path, to_string(found->second.type()),
                                      to_string(dense)));
      }
      return found->second;
    }
    const Place at = scan_.here();
    const bool splat = scan_.accept_word("splat");
    scan_.expect(splat ? "(" : "[");
    const std::string_view close = splat ? ")" : "]";
    Doubles doubles;
    Ints ints;
    while (!scan_.accept(close)) {
      const Place item_at = scan_.here();
      const Attr item = attr();
      const auto* integer = std::get_if<int64_t>(&item);
      const auto* number = std::get_if<double>(&item);
      if (!integer && !number) scan_.fail(item_at, "expected a number");
      if (!is_float(type.dtype) && !(integer && fits(type.dtype, *integer))) {
        scan_.fail(item_at, fmt::format("{} is no {}", to_string(item), name(type.dtype)));
      }
      ints.push_back(integer ? *integer : 0);
      doubles.push_back(integer ? static_cast<double>(*integer) : *number);
      if (!scan_.peek(close)) scan_.expect(",");
    }
    if (splat && doubles.size() != 1) {
      scan_.fail(at, fmt::format("splat takes one number, {} are given", doubles.size()));
    }
    if (!splat && doubles.size() != elements) {
      scan_.fail(at, fmt::format("{} has {} elements, {} given", to_string(type), elements,
                                 doubles.size()));
    }
    if (splat) {
      doubles.assign(elements, doubles.front());
      ints.assign(elements, ints.front());
    }
    return is_float(type.dtype) ? Tensor::from_doubles(dense, doubles)
                                : Tensor::from_ints(dense, ints);
  }

  void node(Graph& graph, int depth) {
    Node node;
    node.place = scan_.here();
    std::vector<Definition> results;
    do {
      results.push_back(definition());
      refuse_known(graph, results.back());
    } while (scan_.accept(","));
    scan_.expect("=");
    const Place at = scan_.here();
    const std::string op_name = scan_.word();
    node.op = find_op(op_name);
    if (!node.op) {
      std::vector<std::string> known;
      for (const OpDef* op : all_ops())
        known.emplace_back(op->name);
      scan_.fail(at, fmt::format("no op '{}'; {}", op_name, did_you_mean(op_name, known)));
    }
    if (node.op == &ops::constant) {
      node.tensor = payload(results.front().type);
    } else {
      if (node.op == &ops::call || (node.op == &ops::loop && scan_.peek("@"))) {
        scan_.expect("@");
        node.callee = scan_.name();
      }
      scan_.expect("(");
      while (!scan_.accept(")")) {
        node.operands.push_back(use(graph));
        if (!scan_.peek(")")) scan_.expect(",");
      }
    }
    attributes(node);
    const std::string outer = std::exchange(path_, path_ + "/" + results.front().name);
    if (scan_.peek_word() && scan_.next_is_brace()) node.schedule = schedule();
    if (node.op == &ops::group || (node.op == &ops::loop && node.callee.empty())) {
      scan_.expect("{");
      Graph& region = node.regions.emplace_back();
      inputs(region);
      scan_.expect(":");
      body(region, depth + 1);
    }
    path_ = outer;
    append(graph, std::move(node), results);
  }

  void attributes(Node& node) {
    const Place at = scan_.here();
    Attrs attrs;
    if (scan_.peek("{") && !scan_.brace_then_parenthesis()) {
      scan_.expect("{");
      while (!scan_.accept("}")) {
        const std::string name = scan_.word();
        scan_.expect("=");
        attrs.set(name, attr());
        if (!scan_.peek("}")) scan_.expect(",");
      }
    }
    auto complete = complete_attrs(*node.op, std::move(attrs));
    if (!complete) scan_.fail(at, complete.error().message);
    node.attrs = std::move(*complete);
  }

  // Types are written out, and must be what the record infers.
  void append(Graph& graph, Node node, const std::vector<Definition>& results) {
    std::vector<Type> types;
    std::vector<std::string> names;
    for (const Definition& result : results) {
      types.push_back(result.type);
      names.push_back(result.name);
    }
    if (node.op->infer) {
      std::vector<const Type*> operands;
      for (ValueId operand : node.operands) {
        operands.push_back(operand ? &graph.value(operand).type : nullptr);
      }
      auto inferred = infer(*node.op, operands, node.attrs);
      if (!inferred) {
        const std::string& why = inferred.error().message;
        const bool named = why.starts_with(node.op->name);
        scan_.fail(node.place, named ? why : fmt::format("{}: {}", node.op->name, why));
      }
      if (types.size() != inferred->size()) {
        scan_.fail(node.place,
                   fmt::format("{} gives {} value{}, not {}", node.op->name, inferred->size(),
                               inferred->size() == 1 ? "" : "s", types.size()));
      }
      for (size_t i = 0; i < types.size(); ++i) {
        if (!types[i].same_logical((*inferred)[i])) {
          scan_.fail(node.place,
                     fmt::format("{} gives {}", node.op->name, to_string((*inferred)[i])));
        }
      }
    }
    const NodeId id = graph.append(std::move(node), types, names);
    for (size_t i = 0; i < results.size(); ++i) {
      graph.value(graph.node(id).results[i]).storage = results[i].storage;
    }
  }

  TextScanner scan_;
  const std::map<std::string, Tensor>& tensors_;
  SchedulePlaces* schedules_;
  std::string path_;  // of what a schedule belongs to (SchedulePlaces)
};

}  // namespace

PlacedSchedule read_schedule(TextScanner& scan) {
  PlacedSchedule read{{}, scan.here().spans.front()};
  read.schedule.family = scan.word();
  scan.expect("{");
  while (true) {
    read.place.end = scan.here().spans.front().begin + 1;  // of the closing brace, at last
    if (scan.accept("}")) return read;
    const std::string name = scan.word();
    scan.expect("=");
    read.schedule.parameters.emplace_back(name, scan.integer());
    if (!scan.peek("}")) scan.expect(",");
  }
}

std::optional<Module> read(uint32_t file, const std::map<std::string, Tensor>& tensors,
                           Diagnostics& diagnostics, SchedulePlaces* schedules) {
  try {
    return Reader(file, tensors, diagnostics, schedules).module();
  } catch (const TextScanner::Stop&) {
    return std::nullopt;
  }
}

}  // namespace linnet::ir
