// Finds for each node of one model as imported the node of the other that it corresponds to, and
// what of it is another.
#include "cli/diff.h"
#include "cli/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

namespace linnet::cli {
namespace {

using Node = ReadReport::Node;
using Graph = ReadReport::Graph;
using Port = ReadReport::Port;

// What follows "=", and names of values left out: "conv2d(%, %) {padding = [2, 2, 2, 2]}".
std::string computation(const Node& node) {
  const size_t equals = node.text.find(" = ");
  const std::string& text = node.text;
  std::string result;
  bool name = false;
  for (size_t i = equals == std::string::npos ? 0 : equals + 3; i < text.size(); ++i) {
    if (name && (text[i] == ',' || text[i] == ')' || text[i] == ' ')) name = false;
    if (!name) result += text[i];
    if (text[i] == '%') name = true;
  }
  return result;
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list)
    text += one + " ";
  return text;
}

// By what nodes are found again, from the surest to the least sure.
using Key = std::function<std::string(const Node&)>;
const std::array<Key, 5>& keys() {
  static const std::array<Key, 5> kKeys = {
      [](const Node& node) { return node.text; },
      [](const Node& node) { return computation(node) + joined(node.types); },
      [](const Node& node) { return node.op + " " + joined(node.results); },
      [](const Node& node) { return computation(node); }, [](const Node& node) { return node.op; }};
  return kKeys;
}

constexpr size_t kNone = static_cast<size_t>(-1);

// Pairs of nodes in order: what the surest key finds again stays, and what lies between is looked
// at with the next. What is left between two pairs is paired one by one if it is as much on both
// sides: a relu that became a sigmoid.
class Alignment {
public:
  Alignment(const std::vector<Node>& a, const std::vector<Node>& b)
      : a_(a), b_(b), other_(a.size(), kNone) {
    align(0, a.size(), 0, b.size(), 0);
  }
  // The node of B, or kNone.
  [[nodiscard]] size_t of(size_t a) const { return other_[a]; }

private:
  void align(size_t a, size_t a_end, size_t b, size_t b_end, size_t level) {
    if (a == a_end || b == b_end) return;
    if (level == keys().size()) {
      if (a_end - a != b_end - b) return;
      for (; a < a_end; ++a, ++b) {
        if (a_[a].results.size() == b_[b].results.size()) other_[a] = b;
      }
      return;
    }
    std::vector<std::string> texts;
    texts.reserve(a_end - a + b_end - b);
    std::vector<std::string_view> left, right;
    for (size_t i = a; i < a_end; ++i)
      left.emplace_back(texts.emplace_back(keys()[level](a_[i])));
    for (size_t i = b; i < b_end; ++i)
      right.emplace_back(texts.emplace_back(keys()[level](b_[i])));
    size_t a_at = a, b_at = b;
    for (const Edit& edit : line_edits(left, right)) {
      if (edit.kind == '-') ++a_at;
      if (edit.kind == '+') ++b_at;
      if (edit.kind != ' ') continue;
      align(a, a_at, b, b_at, level + 1);
      other_[a_at] = b_at;
      a = ++a_at;
      b = ++b_at;
    }
    align(a, a_end, b, b_end, level + 1);
  }

  const std::vector<Node>& a_;
  const std::vector<Node>& b_;
  std::vector<size_t> other_;  // by node of A
};

class Structure {
public:
  Structure(const ReadReport& a, const ReadReport& b) : a_(a), b_(b) {}

  StructureDiff compare() {
    const auto only = [](const ReadReport& report) {
      return std::ranges::count(report.graphs, "graph", &Graph::kind) == 1;
    };
    std::vector<const Graph*> taken;
    for (const Graph& graph : a_.graphs) {
      const auto other = std::ranges::find_if(b_.graphs, [&](const Graph& one) {
        const bool ones = only(a_) && only(b_) && graph.kind == "graph";
        return one.kind == graph.kind && (one.name == graph.name || ones);
      });
      if (other == b_.graphs.end()) {
        result_.lines.push_back({whole(graph), "", "", ""});
        continue;
      }
      taken.push_back(&*other);
      compare(graph, *other);
    }
    for (const Graph& graph : b_.graphs) {
      if (std::ranges::find(taken, &graph) == taken.end())
        result_.lines.push_back({"", whole(graph), "", ""});
    }
    compare_heads();
    return std::move(result_);
  }

private:
  static std::string whole(const Graph& graph) {
    return fmt::format("graph @{}: {} nodes", graph.name, graph.nodes.size());
  }

  // "slot param @fc.bias: f32[10] = zeros()": by what comes before the type or the value.
  static std::pair<std::string, std::string> declaration(const std::string& line) {
    const size_t end = std::min(line.find(": "), line.find(" = "));
    return end == std::string::npos ? std::pair{line, std::string()}
                                    : std::pair{line.substr(0, end), line.substr(end)};
  }
  using Declarations = std::vector<std::pair<std::string, std::string>>;
  static Declarations declarations(const ReadReport& report) {
    Declarations list;
    for (const std::string& line : report.head) {
      if (!line.empty() && !line.starts_with("lir ") && !line.starts_with("module "))
        list.push_back(declaration(line));
    }
    // What the model computes with goes before what data and training are.
    std::ranges::stable_partition(list,
                                  [](const auto& one) { return one.first.starts_with("slot "); });
    return list;
  }

  void compare_heads() {
    Declarations a = declarations(a_), b = declarations(b_);
    std::vector<LineChange> changed;
    std::erase_if(a, [&](const auto& one) {
      const auto other = std::ranges::find(b, one.first, &Declarations::value_type::first);
      if (other == b.end()) return false;
      if (other->second != one.second)
        changed.push_back({one.first + one.second, other->first + other->second, "", ""});
      b.erase(other);
      return true;
    });
    // Parameters that are the same but for their names are one line, as of a model in ONNX.
    const bool renamed =
        a.size() == b.size() && std::ranges::equal(
                                    a, b, {}, [](const auto& one) { return one.second; },
                                    [](const auto& one) { return one.second; });
    if (renamed && !a.empty()) {
      result_.renamed = static_cast<int64_t>(a.size());
    } else {
      for (const auto& [name, rest] : a)
        result_.lines.push_back({name + rest, "", "", ""});
      for (const auto& [name, rest] : b)
        result_.lines.push_back({"", name + rest, "", ""});
    }
    result_.lines.insert(result_.lines.end(), changed.begin(), changed.end());
  }

  // Inputs or outputs, and their order, by which an executable and C take them.
  void compare_ports(std::string_view kind, const std::vector<Port>& a, const std::vector<Port>& b,
                     const PortPairs& pairs) {
    const auto line = [&](const Port& port) {
      return fmt::format("{} {}: {}", kind, port.name, port.type);
    };
    for (const auto& [i, k] : pairs.both) {
      if (a[i].name != b[k].name || a[i].type != b[k].type)
        result_.lines.push_back({line(a[i]), line(b[k]), "", ""});
    }
    for (const size_t i : pairs.only_a)
      result_.lines.push_back({line(a[i]), "", "", ""});
    for (const size_t k : pairs.only_b)
      result_.lines.push_back({"", line(b[k]), "", ""});
    if (std::ranges::is_sorted(pairs.both, {}, &std::pair<size_t, size_t>::second)) return;
    const auto order = [&](const std::vector<Port>& ports) {
      std::string text = fmt::format("order of {}s:", kind);
      for (const Port& port : ports)
        text += " " + port.name;
      return text;
    };
    result_.lines.push_back({order(a), order(b), "", ""});
  }

  void pair_names(const std::vector<Port>& a, const std::vector<Port>& b, const PortPairs& pairs) {
    for (const auto& [i, k] : pairs.both)
      names_[a[i].name] = b[k].name;
  }

  void compare(const Graph& a, const Graph& b) {
    const PortPairs inputs = port_pairs(a.inputs, b.inputs);
    compare_ports("input", a.inputs, b.inputs, inputs);
    compare_ports("output", a.outputs, b.outputs, port_pairs(a.outputs, b.outputs));
    names_.clear();
    pair_names(a.inputs, b.inputs, inputs);
    pair_names(a.parameters, b.parameters, port_pairs(a.parameters, b.parameters));
    const Alignment pairs(a.nodes, b.nodes);
    result_.a_nodes += static_cast<int64_t>(a.nodes.size());
    result_.b_nodes += static_cast<int64_t>(b.nodes.size());
    std::map<std::string, const Node*> left, right;  // nodes without a counterpart, by results
    std::vector<bool> taken(b.nodes.size());
    for (size_t i = 0; i < a.nodes.size(); ++i) {
      if (pairs.of(i) == kNone) {
        for (const std::string& name : a.nodes[i].results)
          left[name] = &a.nodes[i];
      } else {
        taken[pairs.of(i)] = true;
        pair(a.nodes[i], b.nodes[pairs.of(i)]);
      }
    }
    for (size_t i = 0; i < b.nodes.size(); ++i) {
      if (taken[i]) continue;
      for (const std::string& name : b.nodes[i].results)
        right[name] = &b.nodes[i];
    }
    write(a, b, pairs, left, right);
    result_.values.insert(names_.begin(), names_.end());
  }

  void pair(const Node& a, const Node& b) {
    for (size_t i = 0; i < std::min(a.results.size(), b.results.size()); ++i)
      names_[a.results[i]] = b.results[i];
  }

  using Lonely = std::map<std::string, const Node*>;
  // The value that is read in truth where a node that the other side does not have only passes
  // it on.
  static std::string behind(std::string name, const Lonely& lonely) {
    for (size_t steps = 0; steps <= lonely.size(); ++steps) {
      const auto at = lonely.find(name);
      if (at == lonely.end() || at->second->operands.empty()) break;
      name = at->second->operands.front();
    }
    return name;
  }
  [[nodiscard]] bool reads_the_same(const Node& a, const Node& b, const Lonely& left,
                                    const Lonely& right) const {
    if (a.operands.size() != b.operands.size()) return false;
    for (size_t i = 0; i < a.operands.size(); ++i) {
      const auto there = names_.find(behind(a.operands[i], left));
      if (there == names_.end() || there->second != behind(b.operands[i], right)) return false;
    }
    return true;
  }

  // In the order of both: what only A has, what only B has, then the next pair.
  void write(const Graph& a, const Graph& b, const Alignment& pairs, const Lonely& left,
             const Lonely& right) {
    size_t at = 0;
    const auto only_b = [&](size_t end) {
      for (; at < end; ++at)
        result_.lines.push_back({"", b.nodes[at].text, "", place(b_, b.nodes[at])});
    };
    for (size_t i = 0; i < a.nodes.size(); ++i) {
      const Node& one = a.nodes[i];
      if (pairs.of(i) == kNone) {
        result_.lines.push_back({one.text, "", place(a_, one), ""});
        continue;
      }
      only_b(pairs.of(i));
      const Node& other = b.nodes[at++];
      add_place(one, other);
      if (computation(one) != computation(other) || !reads_the_same(one, other, left, right)) {
        result_.lines.push_back({one.text, other.text, place(a_, one), place(b_, other)});
      } else if (one.types != other.types) {
        ++result_.types;
      }
    }
    only_b(b.nodes.size());
  }
  // Where a node is, unless there are more of its kind, as of a block that is repeated.
  void add_place(const Node& a, const Node& b) {
    const std::string from = place(a_, a);
    if (from.empty()) return;
    if (!seen_.insert(from + " " + a.op).second) {
      repeated_.insert(from);
      result_.places.erase(from);
    } else if (!repeated_.contains(from)) {
      result_.places.emplace(from, place(b_, b));
    }
  }
  static std::string place(const ReadReport& report, const Node& node) {
    return node.places.empty() ? "" : report.places[node.places.front()];
  }

  const ReadReport& a_;
  const ReadReport& b_;
  std::map<std::string, std::string> names_;  // of values of a graph of A, in B
  std::set<std::string> seen_, repeated_;     // places of nodes of A, with their op, and without
  StructureDiff result_;
};

}  // namespace

PortPairs port_pairs(const std::vector<ReadReport::Port>& a,
                     const std::vector<ReadReport::Port>& b) {
  PortPairs pairs;
  std::map<std::string_view, size_t> left;  // of B, by name
  for (size_t k = 0; k < b.size(); ++k)
    left.emplace(b[k].name, k);
  std::vector<bool> taken(b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const auto namesake = left.extract(a[i].name);
    if (namesake.empty()) {
      pairs.only_a.push_back(i);
    } else {
      pairs.both.emplace_back(i, namesake.mapped());
      taken[namesake.mapped()] = true;
    }
  }
  for (size_t k = 0; k < b.size(); ++k) {
    if (!taken[k]) pairs.only_b.push_back(k);
  }
  const size_t more = std::min(pairs.only_a.size(), pairs.only_b.size());
  for (size_t i = 0; i < more; ++i)
    pairs.both.emplace_back(pairs.only_a[i], pairs.only_b[i]);
  pairs.only_a.erase(pairs.only_a.begin(), pairs.only_a.begin() + static_cast<ptrdiff_t>(more));
  pairs.only_b.erase(pairs.only_b.begin(), pairs.only_b.begin() + static_cast<ptrdiff_t>(more));
  std::ranges::sort(pairs.both);
  return pairs;
}

StructureDiff structure_diff(const ReadReport& a, const ReadReport& b) {
  return Structure(a, b).compare();
}

}  // namespace linnet::cli
