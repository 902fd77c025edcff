// The model language as it was written.
#pragma once

#include "frontend/lin/operators.h"
#include "support/source.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linnet::frontend {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Argument {
  std::string name;  // "" if by position
  Span span;
  ExprPtr value;
};

enum class ExprKind : uint8_t {
  kName,      // text
  kInteger,   // integer
  kReal,      // real; of `10%` 0.1
  kString,    // text
  kList,      // operands
  kTuple,     // operands
  kCall,      // text (of the callee; dots in it are an error) and arguments, one or two groups
  kMember,    // text: a path with dots
  kIndex,     // operands[0] [ operands[1], … ]
  kSlice,     // in an index: operands start, stop, step; each may be null
  kEllipsis,  // in an index: `...`
  kUnary,     // op: kMinus, kNot
  kBinary,    // op: all but kNot
  kRange,     // operands[0] .. operands[1]
};

struct Expr {
  ExprKind kind = ExprKind::kName;
  Span span;
  std::string text;
  Operator op = Operator::kPipe;
  int64_t integer = 0;
  double real = 0;
  std::vector<ExprPtr> operands;
  std::vector<std::vector<Argument>> groups;  // of a call: settings, data
  Span name_span;                             // of a call: its callee

  [[nodiscard]] bool is(ExprKind given, Operator with) const { return kind == given && op == with; }
  [[nodiscard]] bool is_negation() const { return is(ExprKind::kUnary, Operator::kMinus); }
};

// What a setting may be.
enum class SettingType : uint8_t { kInt, kFloat, kBool, kString, kList, kPair, kInit };

// `f32[N, 1, out_features * 2]`, `f32[...]`, `f32[..., K]`, or a setting's type: int float bool
// string list pair init.
struct TypeExpr {
  Span span;
  std::string name;
  std::optional<SettingType> setting;
  bool tensor = false;
  bool any_shape = false;  // `...` before `dims`
  std::vector<ExprPtr> dims;
};

struct Parameter {
  std::string name;
  Span span;
  TypeExpr type;
  ExprPtr default_value;  // of settings; may be absent
};

enum class ItemKind : uint8_t {
  kLayer,
  kParam,
  kBuffer,
  kState,
  kLet,
  kNext,
  kIf,
  kRepeat,
  kResult,
  kFaulty  // could not be read; names: what it would have defined, as far as known
};

struct Item {
  ItemKind kind = ItemKind::kResult;
  Span span;
  Span name_span;
  std::vector<std::string> names;  // of kLet several; else one
  std::vector<Span> name_spans;
  bool quoted = false;  // layer "a.b" = …: the name is the path
  bool frozen = false;
  TypeExpr type;  // kParam, kBuffer, kState
  ExprPtr value;  // initialiser, definition, condition, range, result
  std::vector<Item> then, otherwise;
};

// `state h = h0 -> hn` of a model from elsewhere: its input and output.
struct ImportedState {
  std::string name, input, output;
  Span span;
};

struct Block {
  std::string name;
  Span span;  // of the name
  bool is_model = false;
  // model NAME = onnx("FILE", sr: 16000) { state h = h0 -> hn }, and nothing below
  std::string onnx;
  std::vector<Argument> fixed;  // sizes and inputs
  std::vector<ImportedState> states;
  std::vector<Parameter> settings, data, results;
  std::vector<Item> items;
  bool faulty = false;  // what stands before the entries could not be read
};

// `data NAME { … }`, `train NAME { … }`: entries `target: value`.
struct Declarations {
  std::string keyword, name;
  Span span;
  struct Entry {
    std::string target;
    Span span;
    ExprPtr value;
  };
  std::vector<Entry> entries;
  bool faulty = false;  // an entry could not be read
};

struct File {
  std::vector<Block> blocks;
  std::vector<Declarations> declarations;
  bool faulty = false;  // something on top level could not be read
};

}  // namespace linnet::frontend
