// What a graph computes, as mathematics: expressions of --emit c (codegen/source) for ops with a
// kernel, scalar trees of elementwise ones, smaller ops for those that are made of them.
#include "codegen/inspect/formula.h"
#include "codegen/inspect/inspect.h"

#include "codegen/source/values.h"
#include "ir/builder.h"
#include "ir/loop.h"
#include "ir/ops/scatter.h"
#include "ir/ops/shared/window.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace linnet::codegen {
namespace {

using source::Index;
using source::Position;

// Names of the dimensions of a result.
std::vector<std::string> dimension_names(size_t rank) {
  switch (rank) {
  case 1:
    return {"i"};
  case 2:
    return {"m", "n"};
  case 3:
    return {"b", "m", "n"};
  case 4:
    return {"n", "c", "h", "w"};
  default:
    std::vector<std::string> names;
    for (size_t i = 0; i < rank; ++i)
      names.push_back(fmt::format("i{}", i));
    return names;
  }
}

// "c < 6; h, w < 28".
std::string bounds_text(const std::vector<std::pair<std::string, int64_t>>& bounds) {
  std::string text;
  for (size_t i = 0; i < bounds.size(); ++i) {
    text += (i == 0                                     ? ""
             : bounds[i - 1].second == bounds[i].second ? ", "
                                                        : "; ") +
            bounds[i].first;
    if (i + 1 == bounds.size() || bounds[i + 1].second != bounds[i].second)
      text += fmt::format(" < {}", bounds[i].second);
  }
  return text;
}

const std::string kPrefix = "linnet";  // of helper functions, kept by reference

// One node alone: its operands are arrays by their names, splats are numbers.
class Line {
public:
  Line(const ir::Graph& graph, const ir::Node& node)
      : graph_(graph), node_(node), mini_(alone()), values_(mini_, e_, names_, kPrefix, arrays_),
        formula_(e_) {
    const ir::Type& type = result();
    const std::vector<std::string> wanted = dimension_names(type.rank());
    for (size_t dim = 0; dim < type.rank(); ++dim) {
      if (type.shape[dim] == 1) {
        position_.emplace_back(0);
        continue;
      }
      const std::string name = names_.fresh(wanted[dim]);
      position_.push_back(source::Expressions::index(e_.variable(name, type.shape[dim])));
      bounds_.emplace_back(name, type.shape[dim]);
    }
  }

  [[nodiscard]] const ir::Type& result() const { return type(node_.results.front()); }
  [[nodiscard]] const ir::Node& node() const { return node_; }
  [[nodiscard]] const ir::Type& operand_type(size_t i) const { return type(node_.operands[i]); }
  [[nodiscard]] std::string name(size_t operand) const {
    return graph_.value(node_.operands[operand]).name;
  }
  [[nodiscard]] const Position& position() const { return position_; }
  [[nodiscard]] std::string index(size_t dim) { return formula_.index_text(position_[dim]); }

  // Operand `i` where it meets the result's element, its dimensions of one repeated.
  std::string broadcast(size_t i) {
    const ir::Node* producer = graph_.producer(node_.operands[i]);
    if (producer && producer->tensor && producer->tensor->is_splat())
      return number(is_float(operand_type(i).dtype)
                        ? producer->tensor->as_doubles().front()
                        : static_cast<double>(producer->tensor->as_ints().front()));
    const ir::Shape& shape = operand_type(i).shape;
    Position at;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      at.push_back(shape[dim] == 1 ? Index(0) : position_[position_.size() - shape.size() + dim]);
    return formula_.element(name(i), at);
  }

  // "y[n,c] = …    (n < 4; …; notes)"
  std::string finished(const std::string& right) {
    auto bounds = bounds_;
    bounds.insert(bounds.end(), formula_.bounds().begin(), formula_.bounds().end());
    std::string text =
        formula_.element(graph_.value(node_.results.front()).name, position_) + " = " + right;
    std::string about = bounds_text(bounds);
    for (const std::string& note : formula_.notes())
      about += (about.empty() ? "" : "; ") + note;
    return about.empty() ? text : text + "    (" + about + ")";
  }

  std::string by_expression() {
    return finished(formula_.text(values_.at(mini_.outputs.front().value, position_)));
  }

  // By its name, and behind it what that means.
  std::string by_scalar() {
    std::vector<std::string> arguments;
    std::vector<std::string> parameters;
    for (size_t i = 0; i < node_.operands.size(); ++i) {
      arguments.push_back(broadcast(i));
      parameters.emplace_back(1, "xyz"[i]);
    }
    const ir::ScalarExpr tree = node_.op->scalar(node_.attrs);
    const bool plain = std::ranges::all_of(tree.operands(), [](const ir::ScalarExpr& operand) {
      return operand.op() == ir::ScalarOp::kArgument;
    });
    if (plain) return finished(scalar_text(tree, arguments));
    const std::string name(node_.op->name);
    return finished(fmt::format("{}({})", name, fmt::join(arguments, ", "))) +
           fmt::format("    {}({}) = {}", name, fmt::join(parameters, ", "),
                       scalar_text(tree, parameters));
  }

private:
  [[nodiscard]] const ir::Type& type(ir::ValueId value) const { return graph_.value(value).type; }

  ir::Graph alone() {
    ir::Graph graph;
    ir::Node copy = node_;
    for (ir::ValueId& operand : copy.operands) {
      if (!operand) continue;
      ir::Type type = graph_.value(operand).type;
      type.layout = {};
      const ir::Node* producer = graph_.producer(operand);
      if (producer && producer->tensor && producer->tensor->is_splat()) {
        operand = ir::Builder(graph).constant(*producer->tensor);
        continue;
      }
      arrays_.push_back(graph_.value(operand).name);
      operand = graph.add_input(graph_.value(operand).name, std::move(type));
    }
    ir::Type type = graph_.value(node_.results.front()).type;
    type.layout = {};
    copy.results.clear();
    const ir::NodeId made = graph.append(std::move(copy), {type}, {"result"});
    graph.outputs.push_back({"result", graph.node(made).results.front(), ""});
    return graph;
  }

  const ir::Graph& graph_;
  const ir::Node& node_;
  std::vector<std::string> arrays_;  // before mini_, which fills it
  ir::Graph mini_;
  source::Expressions e_;
  source::Names names_;
  source::Values values_;
  Formula formula_;
  Position position_;
  std::vector<std::pair<std::string, int64_t>> bounds_;
};

using Lines = std::vector<std::string>;

// "h+ky−1" of a window.
std::string tap(const ir::Window& window, const std::string& output, const std::string& k) {
  std::string text = window.stride == 1 ? output : fmt::format("{}·{}", window.stride, output);
  text += window.dilation == 1 ? "+" + k : fmt::format("+{}·{}", window.dilation, k);
  return window.before == 0 ? text : text + fmt::format("−{}", window.before);
}

// The tap of the largest.
Lines max_pool2d_index(Line& line) {
  const auto [rows, columns] =
      *ir::windows(line.node().attrs, line.node().attrs.get(ir::kKernelSize));
  return {line.finished(fmt::format("argmax_{{ky,kx}} {}[{},{},{},{}]", line.name(0), line.index(0),
                                    line.index(1), tap(rows, line.index(2), "ky"),
                                    tap(columns, line.index(3), "kx"))) +
          fmt::format("    as {}·ky+kx; ky < {}; kx < {}", columns.size, rows.size, columns.size)};
}

// Each element of the input gets what its windows send it.
Lines max_pool2d_backward(Line& line) {
  const auto [rows, columns] =
      *ir::windows(line.node().attrs, line.node().attrs.get(ir::kKernelSize));
  return {
      line.finished(fmt::format(
          "Σ_{{i,j,ky,kx: {} = {}, {} = {}}} ({}[{},{},i,j] if {}[{},{},i,j] = {}·ky+kx, else "
          "0)",
          tap(rows, "i", "ky"), line.index(2), tap(columns, "j", "kx"), line.index(3), line.name(0),
          line.index(0), line.index(1), line.name(1), line.index(0), line.index(1), columns.size)) +
      fmt::format("    ky < {}; kx < {}", rows.size, columns.size)};
}

// Updates in the order of the indices.
Lines scatter(Line& line) {
  const std::string how = line.node().attrs.get(ir::kScatterReduce).word;
  const std::string from = fmt::format("{}[k,…]", line.name(2));
  const std::string to = fmt::format("y[{}[k],…]", line.name(1));
  const std::string step = how == "sum"    ? to + " + " + from
                           : how == "prod" ? to + " · " + from
                           : how == "amax" ? fmt::format("max({}, {})", to, from)
                           : how == "amin" ? fmt::format("min({}, {})", to, from)
                                           : from;
  return {line.finished(line.broadcast(0)) + fmt::format("    then for k < {} in turn: {} ← {}",
                                                         line.operand_type(1).elements(), to,
                                                         step)};
}

Lines cast(Line& line) {
  return {line.finished(fmt::format("{}({})", name(line.result().dtype), line.broadcast(0)))};
}

struct OwnLines {
  const ir::OpDef* op;
  Lines (*lines)(Line&);
};

constexpr auto kOwn = std::to_array<OwnLines>({{&ir::ops::max_pool2d_index, max_pool2d_index},
                                               {&ir::ops::max_pool2d_backward, max_pool2d_backward},
                                               {&ir::ops::scatter, scatter},
                                               {&ir::ops::cast, cast}});

std::string joined_names(const ir::Graph& graph, const std::vector<ir::ValueId>& values) {
  std::string text;
  for (const ir::ValueId value : values) {
    if (value) text += (text.empty() ? "" : ", ") + graph.value(value).name;
  }
  return text;
}

// Kernels that are called, loops over them, tensors that are given.
Lines structure(const ir::Graph& graph, const ir::Node& node) {
  const std::string results = joined_names(graph, node.results);
  if (node.tensor) return {fmt::format("{} = {} given", results, to_string(node.tensor->type()))};
  const std::string callee = node.callee.empty() ? std::string(node.op->name) : node.callee;
  Lines lines = {fmt::format("{} = {}({})", results, callee, joined_names(graph, node.operands))};
  if (node.op == &ir::ops::loop)
    lines.front() += fmt::format("    once for each of {} steps", ir::loop_of(node).steps);
  for (const ir::Graph& region : node.regions) {
    for (const std::string& line : algorithm(region))
      lines.push_back("  " + line);
  }
  return lines;
}

// The smaller ops that an op is made of, the last under the op's own name.
Lines expanded(const ir::Graph& graph, const ir::Node& node) {
  ir::Graph parts;
  ir::Builder builder(parts);
  std::vector<ir::ValueId> operands;
  for (const ir::ValueId operand : node.operands) {
    if (!operand) {
      operands.emplace_back();
      continue;
    }
    ir::Type type = graph.value(operand).type;
    type.layout = {};
    operands.push_back(parts.add_input(graph.value(operand).name, std::move(type)));
  }
  const auto results = node.op->expand(builder, operands, node.attrs);
  for (size_t i = 0; i < results.size(); ++i) {
    parts.rename(results[i], graph.value(node.results[i]).name);
    parts.outputs.push_back({graph.value(node.results[i]).name, results[i], ""});
  }
  return algorithm(parts);
}

Lines lines_of(const ir::Graph& graph, const ir::Node& node) {
  if (node.op->has(ir::kStructural)) return structure(graph, node);
  const auto own = std::ranges::find(kOwn, node.op, &OwnLines::op);
  if (own != kOwn.end()) {
    Line line(graph, node);
    return own->lines(line);
  }
  if (node.op->scalar) return {Line(graph, node).by_scalar()};
  const auto table = source::op_values();
  if (std::ranges::find(table, node.op, &source::OpValue::op) != table.end())
    return {Line(graph, node).by_expression()};
  if (node.op->expand) return expanded(graph, node);
  Line line(graph, node);
  if (node.op->has(ir::kTrainingOnly))
    return {line.finished(line.broadcast(0)) + "    when it runs"};
  return {fmt::format("{} = {}({})    {}", joined_names(graph, node.results), node.op->name,
                      joined_names(graph, node.operands), node.op->doc)};
}

}  // namespace

std::vector<std::string> algorithm(const ir::Graph& graph) {
  Lines all;
  for (const ir::Node& node : graph.nodes()) {
    if (node.tensor && node.tensor->is_splat()) continue;  // its number stands where it is used
    for (std::string& line : lines_of(graph, node))
      all.push_back(std::move(line));
  }
  return all;
}

}  // namespace linnet::codegen
