// Blocks are applied: their entries run in order, in a scope of their own.
#pragma once

#include "frontend/lin/elaborate/library.h"
#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"
#include "ir/module.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

class Calls;
class Expressions;

class Blocks {
public:
  Blocks(const Library& library, Report& report, Nodes& nodes, Expressions& expressions,
         Calls& calls, ir::Module& module)
      : library_(library), report_(report), nodes_(nodes), expressions_(expressions), calls_(calls),
        module_(module) {}

  // The results of the instance's block for these tensors.
  std::vector<Value> apply(Instance& instance, const std::vector<Value>& data,
                           const std::vector<Span>& spans, Span call);
  // The entries and results of a block in a scope that holds its settings and data.
  std::vector<Value> run(const Block& block, Scope& scope, Span call);
  // Of every state its path, its value after this call, and its path as a slot.
  [[nodiscard]] std::vector<ir::GraphOutput> next_states() const;

private:
  void run_items(const std::vector<Item>& items, Scope& scope);
  void run_item(const Item& item, Scope& scope);
  void run_if(const Item& item, Scope& scope);
  void run_layer(const Item& item, Scope& scope);
  void run_stored(const Item& item, Scope& scope);
  void run_let(const Item& item, Scope& scope);
  void run_next(const Item& item, Scope& scope);
  void run_repeat(const Item& item, Scope& scope);
  void refuse_anonymous(const Item& item, const Instance& instance);
  void op_settings(Instance& instance, const Expr& expr, Scope& scope);
  void enter(const Item& item, const std::string& path, Instance& instance);
  void add_slot(const Item& item, const std::string& path, ir::Type type, Scope& scope);
  ir::Recipe initializer(const Expr* expr, Scope& scope, Span at);
  std::vector<Value> results_of(const Block& block, Scope& scope, Span call);
  void match_type(const TypeExpr& type, const std::string& name, ir::ValueId value, Scope& scope,
                  Span at, std::string_view what);
  void warn_unused(const Scope& scope, const Block& block);

  const Library& library_;
  Report& report_;
  Nodes& nodes_;
  Expressions& expressions_;
  Calls& calls_;
  ir::Module& module_;
  std::map<std::string, ir::ValueId> slot_values_;  // by path
  std::map<std::string, ir::ValueId> next_values_;
};

}  // namespace linnet::frontend
