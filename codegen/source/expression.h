// Expressions of C by value: what one element of a kernel's output is made of, as a graph in which
// equal parts are one node.
#pragma once

#include "ir/type.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace linnet::codegen::source {

// What an expression is in C. Half-precision numbers are their bits; truth values are int.
enum class CType : uint8_t { kF32, kF64, kI64, kI32, kI8, kU8, kHalf, kTruth };
[[nodiscard]] CType c_type_of(ir::DType dtype);
[[nodiscard]] bool is_floating(CType type);
[[nodiscard]] std::string_view c_name(CType type);  // "float", "int32_t", "int"
[[nodiscard]] std::string_view suffix(CType type);  // of helper functions: "f32"

using NodeId = int;

// An index as a sum: constant + Σ factor · node, where the nodes are loop variables or indices that
// are no such sum.
struct Index {
  int64_t constant = 0;
  std::vector<std::pair<NodeId, int64_t>> terms = {};  // by node; no factor is 0

  Index() = default;
  Index(int64_t value) : constant(value) {}
  friend bool operator==(const Index&, const Index&) = default;
};
[[nodiscard]] Index operator+(const Index& a, const Index& b);
[[nodiscard]] Index operator-(const Index& a, const Index& b);
[[nodiscard]] Index operator*(const Index& a, int64_t factor);
using Position = std::vector<Index>;

struct Node {
  enum Kind : uint8_t {
    kLiteral,   // text
    kVariable,  // text: a loop's variable or an accumulator, bound by the scope that declares it
    kLoad,      // text[index]
    kIndex,     // the index as a number
    kDivide,    // index / factor, of an index that is not negative
    kModulo,    // index % factor, the same
    kBinary,    // args[0] text args[1]
    kUnary,     // text args[0]: ! or -
    kCall,      // text(args)
    kCast,      // (type)args[0]
    kSelect,    // args[0] ? args[1] : args[2]
    kGuard,     // the same, where args[1] may be computed only if args[0] holds
    kReduce     // variables count up within extents; accumulator = args[0], then args[1] each time
  };
  Kind kind = kLiteral;
  CType type = CType::kF32;
  std::vector<NodeId> args = {};
  std::string text = "";
  Index index = {};
  Position position = {};  // of kLoad: the index along each dimension
  int64_t factor = 1;
  std::vector<NodeId> variables = {};  // of kReduce, outermost first
  std::vector<int64_t> extents = {};
  NodeId accumulator = -1;

  int64_t low = 0, high = 0;   // of an index or loop variable: its least and greatest values
  std::set<NodeId> free = {};  // variables that a scope around it must bind
  std::string hint = "";       // what a variable that holds it is called
};

// The expressions of one kernel. Nodes are only appended, so that operands come before users.
class Expressions {
public:
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  [[nodiscard]] CType type(NodeId id) const { return node(id).type; }
  // A value's own name, for the variable that may come to hold it.
  void name(NodeId id, const std::string& hint);

  // A fresh variable: 0 … extent − 1.
  NodeId variable(const std::string& text, int64_t extent);
  NodeId accumulator(CType type, const std::string& text);
  static Index index(NodeId variable) { return one(variable); }

  NodeId literal(CType type, double value);
  NodeId integer(CType type, int64_t value);
  NodeId load(CType type, const std::string& array, const Index& index, const Position& position);
  NodeId number(const Index& index);  // as int32_t
  NodeId binary(CType type, const std::string& op, NodeId a, NodeId b);
  NodeId compare(const std::string& op, NodeId a, NodeId b);
  NodeId both(NodeId a, NodeId b);
  NodeId either(NodeId a, NodeId b);
  NodeId negation(NodeId a);  // of a truth value
  NodeId negative(NodeId a);  // the sign bit alone
  NodeId call(CType type, const std::string& function, const std::vector<NodeId>& args);
  NodeId cast(CType type, NodeId a);
  NodeId select(NodeId condition, NodeId then, NodeId otherwise);
  NodeId guard(NodeId condition, NodeId then, NodeId otherwise);
  NodeId reduce(const std::vector<NodeId>& variables, const std::vector<int64_t>& extents,
                NodeId accumulator, NodeId first, NodeId step);
  // An index that is computed like a number.
  Index index_of(NodeId number, int64_t low, int64_t high);

  Index divide(const Index& index, int64_t by);
  Index modulo(const Index& index, int64_t by);
  [[nodiscard]] std::pair<int64_t, int64_t> range(const Index& index) const;
  // 0 ≤ index < extent, as far as it is not known.
  NodeId inside(const Index& index, int64_t extent);
  NodeId truth(bool value) { return integer(CType::kTruth, value); }
  [[nodiscard]] bool is_true(NodeId id) const;
  [[nodiscard]] bool is_false(NodeId id) const;

private:
  static Index one(NodeId node);
  // By which it is divided in any case, and the rest.
  [[nodiscard]] std::pair<Index, Index> split(const Index& index, int64_t by) const;
  NodeId add(Node node);

  std::vector<Node> nodes_;
  std::map<std::string, NodeId> known_;
};

// The text of a number in C: hexadecimal, so that it is exact.
[[nodiscard]] std::string number_text(CType type, double value);
[[nodiscard]] std::string integer_text(CType type, int64_t value);

}  // namespace linnet::codegen::source
