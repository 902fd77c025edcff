// Syntax tree → module: blocks are applied, settings decided, shapes inferred.
#pragma once

#include "frontend/frontend.h"
#include "frontend/lin/ast.h"
#include "frontend/lin/value.h"
#include "ir/builder.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linnet::frontend {

// Thrown after an error was reported; caught where the next entry begins.
struct Abandon {};

// Names visible in one application of a block.
struct Binding {
  Value value;
  Span span;  // where it was defined
  bool used = false;
  bool warn = false;  // say so if it is never used
  std::string kind;   // "layer", "let", "param"
};
struct Scope {
  Instance* instance = nullptr;
  std::map<std::string, Binding> names;
  std::vector<std::string> order;  // of definition
  std::string suffix;              // ".0" inside a repeat: part of the paths of layers
  std::optional<Value> result;

  void define(const std::string& name, Binding binding);
};

class Elaborator {
public:
  Elaborator(const std::vector<const Block*>& blocks, uint32_t prelude, Diagnostics& diagnostics,
             const ImportOptions& options);

  // The model as a module; nullopt if anything was wrong.
  std::optional<ir::Module> model(const Block& model);
  // Adds to the module that `model` gave what training needs, by its declarations and `loss`: the
  // graphs `train_step` (inputs, targets, slots, counters → loss, penalty) and `evaluate` (inputs,
  // targets, parameters → loss, the model's outputs). False if the loss was wrong.
  bool training(const Expr& loss, ir::Module& module);
  // The model's settings that are numbers, once it is built.
  [[nodiscard]] const std::map<std::string, double>& numbers() const { return numbers_; }

private:
  // elaborate.cpp: blocks and their entries
  bool bind_settings(const Block& block, Scope& scope);
  ir::Type input_type(const Parameter& parameter, Scope& scope);
  std::vector<Value> apply(Instance& instance, const std::vector<Value>& data,
                           const std::vector<Span>& spans, Span call);
  void run_items(const std::vector<Item>& items, Scope& scope);
  void run_item(const Item& item, Scope& scope);
  void run_layer(const Item& item, Scope& scope);
  void op_settings(Instance& instance, const Expr& expr, Scope& scope);
  void enter(const Item& item, const std::string& path, Instance& instance);
  void run_stored(const Item& item, Scope& scope);
  void run_let(const Item& item, Scope& scope);
  void run_next(const Item& item, Scope& scope);
  void run_repeat(const Item& item, Scope& scope);
  void warn_unused(const Scope& scope, const Block& block);
  std::vector<Value> results_of(const Block& block, Scope& scope, Span call);
  void match_type(const TypeExpr& type, const std::string& name, ir::ValueId value, Scope& scope,
                  Span at, std::string_view what);
  std::optional<std::vector<int64_t>> sizes_of(const Expr& expr, Scope& scope);
  ir::Shape shape_of(const TypeExpr& type, Scope& scope);
  int64_t dimension(const Expr& expr, Scope& scope);
  ir::Recipe initializer(const Expr* expr, Scope& scope, Span at);
  void set_outputs(const Block& model, Scope& scope);

  // elaborate_train.cpp: the loss
  static std::vector<std::string_view> loss_names();
  ExprPtr with_losses(const Expr& expr);
  ExprPtr loss_call(const ir::OpDef& op, const Expr& expr);
  std::string target_of(const std::string& output, const ir::OpDef& loss, Span at);
  void check_activation(const ir::OpDef& loss, const std::string& output, Span at);
  bool through_time(const Expr& loss, ir::Module& module);
  void build_loss(const Expr& loss, bool step);
  void add_counters();

  // elaborate_expr.cpp, elaborate_index.cpp: expressions
  Value member(const Expr& expr, const Scope& scope);
  Value evaluate(const Expr& expr, Scope& scope);
  Value name(const Expr& expr, Scope& scope);
  Value pipe(const Expr& expr, Scope& scope);
  Value binary(const Expr& expr, Scope& scope);
  Value arithmetic(const Expr& expr, const Value& a, const Value& b);
  Value real_power(const Expr& expr, double x, double y);
  Value unary(const Expr& expr, Scope& scope);
  Value index(const Expr& expr, Scope& scope);
  Value index_tensor(const Expr& expr, ir::ValueId tensor, Scope& scope);
  int64_t position(const Expr& expr, Scope& scope);
  // `start:stop:step`; what is left out is the end that a walk begins or ends at.
  struct Slice {
    std::optional<int64_t> start, stop;
    int64_t step = 1;

    // ONNX's Slice takes any number beyond the end for "to the end".
    [[nodiscard]] int64_t first() const { return start.value_or(step > 0 ? 0 : INT64_MAX); }
    [[nodiscard]] int64_t end() const { return stop.value_or(step > 0 ? INT64_MAX : INT64_MIN); }
  };
  Slice slice_of(const Expr& entry, Scope& scope);

  // elaborate_call.cpp: calls
  Value call(const Expr& expr, Scope& scope, const Value* piped, Span piped_span);
  Value call_block(const Block& block, const Expr& expr, Scope& scope, const Value* piped,
                   Span piped_span);
  Value call_instance(Instance& instance, const Expr& expr, Scope& scope, const Value* piped);
  Value call_op(const ir::OpDef& op, const Expr& expr, Scope& scope, const Value* piped,
                Span piped_span);
  struct OpArguments {
    std::vector<Value> operands;
    std::vector<Span> spans;
    ir::Attrs attrs;
    std::map<std::string, Span> attr_spans;
  };
  void read_arguments(const ir::OpDef& op, const Expr& expr, Scope& scope, OpArguments& given);
  [[nodiscard]] std::string by_name(const ir::OpDef& op, const Expr& expr,
                                    const std::vector<const Argument*>& positions) const;
  Value create(const ir::OpDef& op, const std::vector<Value>& operands,
               const std::vector<Span>& spans, ir::Attrs attrs,
               const std::map<std::string, Span>& attr_spans, Span at);
  void give_settings(Instance& instance, const Block& block, const std::vector<Argument>& arguments,
                     Scope& scope, Span at);
  void check_positions(const Block& block, const std::vector<Argument>& arguments,
                       const std::vector<std::string>& names, Scope& scope);
  Value converted(const Value& value, const Parameter& setting, Span at);
  ir::Attr attribute(const Value& value, Span at);
  [[noreturn]] void unknown_callee(const Expr& callee, Scope& scope);
  std::string corrected_call(const Block& block, const std::vector<Argument>& arguments,
                             Scope& scope, Span* at);
  [[noreturn]] void unknown_setting(const std::string& name, Span at, std::string_view owner,
                                    const std::vector<std::string>& known);

  const Block* find_block(const std::string& name) const;
  // Reports at the user's text: what is wrong inside the prelude is said at the call.
  Diagnostic& error(Span at, std::string message);
  [[noreturn]] void fail(Span at, std::string message, std::string help = "");
  [[nodiscard]] ir::Place place(Span at) const;
  [[nodiscard]] std::string described(const Value& value) const;
  void note_origin(Diagnostic& diagnostic, const Value& value);

  std::map<std::string, const Block*> blocks_;
  uint32_t prelude_;
  Diagnostics& diagnostics_;
  const ImportOptions& options_;
  ir::Module module_;
  ir::Graph graph_;
  Instance root_;
  std::vector<Span> calls_;  // applications under way, outermost first
  std::vector<const Block*> stack_;
  std::map<int32_t, Span> input_spans_;             // of the model's inputs, by value
  std::map<std::string, ir::ValueId> slot_values_;  // by path
  std::map<std::string, ir::ValueId> next_values_;
  int64_t next_stream_ = 0;
  std::set<std::string> used_binds_;
  std::map<std::string, double> numbers_;
  // Of a loss: the scope its terms stand in, and the model's first output.
  std::optional<Scope> loss_scope_;
  std::vector<ir::GraphOutput> model_outputs_;
};

}  // namespace linnet::frontend
