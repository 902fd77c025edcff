// Kernels in C: loops over each output, in them the expression of one element.
#include "codegen/source/kernel.h"

#include "codegen/emit/header.h"
#include "codegen/source/values.h"
#include "ir/op_def.h"
#include "ir/ops/scatter.h"
#include "ir/print.h"
#include "support/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace linnet::codegen::source {
namespace {

class KernelWriter {
public:
  KernelWriter(const ir::Graph& kernel, const std::string& prefix, Called& called)
      : kernel_(kernel), prefix_(prefix), called_(called) {
    for (const ir::GraphInput& input : kernel.inputs)
      inputs_.push_back(names_.fresh(kernel.value(input.value).name));
    for (const ir::GraphOutput& output : kernel.outputs) {
      const std::string& name = kernel.value(output.value).name;
      const bool is_input = std::ranges::any_of(
          kernel.inputs, [&](const ir::GraphInput& input) { return input.value == output.value; });
      outputs_.push_back(names_.fresh(is_input ? "out" : name));
    }
  }

  std::string function(const std::string& symbol) {
    std::string body;
    const auto scatter = std::ranges::find(kernel_.nodes(), &ir::ops::scatter, &ir::Node::op);
    if (scatter != kernel_.nodes().end()) {
      body = this->scatter(*scatter);
    } else {
      for (size_t i = 0; i < kernel_.outputs.size(); ++i)
        body += output(i);
    }
    std::string unused;
    for (const std::string& name : inputs_) {
      if (!read_.contains(name)) unused += fmt::format("  (void){};\n", name);
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (type_of(kernel_.outputs[i].value).elements() == 0)
        unused += fmt::format("  (void){};\n", outputs_[i]);
    }
    return "/*\n" + comment(ir::print(kernel_)) + " */\n" +
           wrapped_line(fmt::format("static void {}({}) {{", symbol, parameters())) + "\n" +
           unused + body + "}\n";
  }

private:
  [[nodiscard]] const ir::Type& type_of(ir::ValueId id) const { return kernel_.value(id).type; }

  [[nodiscard]] std::string parameters() const {
    std::string text;
    const auto add = [&](const char* constant, ir::ValueId id, const std::string& name) {
      text += fmt::format("{}{}{} *{}", text.empty() ? "" : ", ", constant,
                          c_name(c_type_of(type_of(id).dtype)), name);
    };
    for (size_t i = 0; i < inputs_.size(); ++i)
      add("const ", kernel_.inputs[i].value, inputs_[i]);
    for (size_t i = 0; i < outputs_.size(); ++i)
      add("", kernel_.outputs[i].value, outputs_[i]);
    return text;
  }

  // Names of the loops over a result, outermost first.
  static std::vector<std::string> loop_names(size_t rank) {
    static const std::vector<std::string> kPicture = {"n", "c", "y", "x"};
    std::vector<std::string> names;
    for (size_t i = 0; i < rank; ++i) {
      if (rank <= 2) {
        names.emplace_back(rank == 2 && i == 0 ? "m" : "n");
      } else {
        names.push_back(rank == 4 ? kPicture[i] : fmt::format("i{}", i));
      }
    }
    return names;
  }

  // Loops that no sum depends on inside, so that each sum is computed once.
  static std::vector<NodeId> in_order(const Expressions& e, NodeId root,
                                      const std::vector<NodeId>& loops) {
    std::set<NodeId> of_sums;
    std::set<NodeId> seen;
    const std::function<void(NodeId)> visit = [&](NodeId id) {
      if (!seen.insert(id).second) return;
      const Node& node = e.node(id);
      if (node.kind == Node::kReduce) of_sums.insert(node.free.begin(), node.free.end());
      std::ranges::for_each(node.args, visit);
      for (const auto& [term, factor] : node.index.terms)
        visit(term);
    };
    visit(root);
    std::vector<NodeId> order = loops;
    std::ranges::stable_partition(order, [&](NodeId loop) { return of_sums.contains(loop); });
    return of_sums.empty() ? loops : order;
  }

  std::string output(size_t i) {
    const ir::ValueId id = kernel_.outputs[i].value;
    const ir::Type& type = type_of(id);
    LINNET_CHECK(type.layout.is_row_major(), "a kernel of rows stores " + to_string(type));
    if (type.elements() == 0) return "";
    Expressions e;
    Names names = names_;
    Values values(kernel_, e, names, prefix_, inputs_);
    std::vector<NodeId> loops;
    Position position;
    const std::vector<std::string> wanted = loop_names(type.rank());
    for (size_t dim = 0; dim < type.rank(); ++dim) {
      if (type.shape[dim] == 1) {
        position.emplace_back(0);
        continue;
      }
      loops.push_back(e.variable(names.fresh(wanted[dim]), type.shape[dim]));
      position.push_back(Expressions::index(loops.back()));
    }
    const NodeId element = values.at(id, position);
    Writer writer(e, names, called_, prefix_);
    writer.count_uses({element});
    const std::vector<NodeId> order = in_order(e, element, loops);
    const std::function<void(size_t)> nest = [&](size_t depth) {
      if (depth < order.size())
        return writer.loop(order[depth], e.node(order[depth]).high + 1, [&] { nest(depth + 1); });
      const std::string value = writer.text_of(element);
      writer.line(fmt::format("{}[{}] = {};", outputs_[i],
                              writer.index_text(linear(type.shape, position)), value));
    };
    nest(0);
    read_.insert(writer.arrays().begin(), writer.arrays().end());
    std::string text;
    for (const std::string& line : writer.lines())
      text += wrapped_line(line) + "\n";
    return text;
  }

  // An operand in rows: an input, or one number.
  std::string rows(ir::ValueId id, const std::string& index) {
    for (size_t i = 0; i < kernel_.inputs.size(); ++i) {
      if (kernel_.inputs[i].value != id) continue;
      read_.insert(inputs_[i]);
      return fmt::format("{}[{}]", inputs_[i], index);
    }
    Expressions e;
    Names names = names_;
    Values values(kernel_, e, names, prefix_, inputs_);
    return e.node(values.at(id, Position(type_of(id).rank(), Index(0)))).text;
  }

  // The rows of the input, then the updates one after the other.
  std::string scatter(const ir::Node& node) {
    const ir::Type& type = type_of(node.results.front());
    if (type.elements() == 0) return "";
    const int64_t size = type.shape[0], inner = type.elements() / size;
    const int64_t count = type_of(node.operands[1]).elements();
    const std::string& out = outputs_.front();
    std::string text = fmt::format("  for (int32_t i = 0; i < {}; ++i) {{\n    {}[i] = {};\n  }}\n",
                                   type.elements(), out, rows(node.operands[0], "i"));
    if (count == 0) return text;
    const CType c = c_type_of(type.dtype);
    const std::string to = fmt::format("{}[at * {} + i]", out, inner);
    const std::string update = rows(node.operands[2], fmt::format("r * {} + i", inner));
    called_.insert(prefix_ + "_place");
    text += fmt::format("  for (int32_t r = 0; r < {0}; ++r) {{\n"
                        "    const int32_t at = {1}_place({2}, {3});\n"
                        "    for (int32_t i = 0; i < {4}; ++i) {{\n"
                        "      {5} = {6};\n    }}\n  }}\n",
                        count, prefix_, rows(node.operands[1], "r"), size, inner, to,
                        reduced_by(node.attrs.get(ir::kScatterReduce).word, c, to, update));
    return text;
  }

  std::string reduced_by(const std::string& how, CType type, const std::string& so_far,
                         const std::string& update) {
    if (how == "amax" || how == "amin") {
      const std::string function =
          fmt::format("{}_{}_{}", prefix_, how == "amax" ? "max" : "min", suffix(type));
      called_.insert(function);
      return fmt::format("{}({}, {})", function, update, so_far);
    }
    if (how != "sum" && how != "prod") return update;
    const char op = how == "sum" ? '+' : '*';
    if (is_floating(type)) return fmt::format("{} {} {}", so_far, op, update);
    const char* wide = type == CType::kI64 ? "uint64_t" : "uint32_t";
    return fmt::format("({0})(({1}){2} {3} ({1}){4})", c_name(type), wide, so_far, op, update);
  }

  const ir::Graph& kernel_;
  const std::string& prefix_;
  Called& called_;
  Names names_;
  std::vector<std::string> inputs_, outputs_;
  std::set<std::string> read_;
};

bool is_half(ir::DType dtype) {
  return dtype == ir::DType::kF16 || dtype == ir::DType::kBF16;
}

}  // namespace

std::string kernel_function(const ir::Graph& kernel, const std::string& symbol,
                            const std::string& prefix, Called& called) {
  return KernelWriter(kernel, prefix, called).function(symbol);
}

std::optional<NotInC> not_in_c(const ir::Graph& kernel) {
  for (const ir::Node& node : kernel.nodes()) {
    if (node.tensor) continue;
    const bool known = node.op->scalar || node.op == &ir::ops::scatter ||
                       std::ranges::find(op_values(), node.op, &OpValue::op) != op_values().end();
    const std::string& result = kernel.value(node.results.front()).name;
    if (!known)
      return NotInC{node.place,
                    fmt::format("%{} is a {}, which is not written in C", result, node.op->name)};
    const bool moves = node.op->has(ir::kDataMovement) || node.op == &ir::ops::cast;
    for (const ir::ValueId operand : node.operands) {
      if (moves || !is_half(kernel.value(operand).type.dtype)) continue;
      return NotInC{node.place, fmt::format("%{} = {} is arithmetic in {}, which C has not", result,
                                            node.op->name, name(kernel.value(operand).type.dtype))};
    }
    if (node.op == &ir::ops::cast && is_half(kernel.value(node.results.front()).type.dtype) &&
        kernel.value(node.operands.front()).type.dtype == ir::DType::kF64)
      return NotInC{node.place, fmt::format("%{} rounds f64 to half precision at once", result)};
  }
  return std::nullopt;
}

std::string comment(const std::string& text) {
  std::string lines;
  std::istringstream in(in_comment(text));
  for (std::string line; std::getline(in, line);) {
    std::istringstream parts(wrapped_line(line));
    for (std::string part; std::getline(parts, part);)
      lines += " * " + part + "\n";
  }
  return lines;
}

namespace {

// Where a line is best broken: behind a comma or ahead of an operator in its second half, else at
// the last space.
size_t best_break(const std::string& line, size_t columns) {
  size_t best = 0;
  const auto take = [&](size_t at) {
    if (at != std::string::npos && at > columns / 2) best = std::max(best, at);
  };
  const size_t comma = line.rfind(", ", columns - 2);
  take(comma == std::string::npos ? comma : comma + 1);
  for (const char* sign : {" && ", " || ", " ? ", " : "})
    take(line.rfind(sign, columns - 1));
  return best > 0 ? best : line.rfind(' ', columns);
}

}  // namespace

std::string wrapped_line(const std::string& line) {
  constexpr size_t kColumns = 97;
  if (line.size() <= kColumns) return line;
  const std::string next(line.find_first_not_of(' ') + 4, ' ');
  std::string text, rest = line;
  while (rest.size() > kColumns) {
    const size_t first = rest.find_first_not_of(' ');
    size_t at = best_break(rest, kColumns);
    if (at == std::string::npos || at <= first) at = rest.find(' ', first);
    if (at == std::string::npos) break;
    text += rest.substr(0, at) + "\n";
    rest = next + rest.substr(at + 1);
  }
  return text + rest;
}

}  // namespace linnet::codegen::source
