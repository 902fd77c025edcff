// What a block's settings are in one application: given, by default, or wrong.
#pragma once

#include "frontend/lin/elaborate/nodes.h"
#include "frontend/lin/elaborate/scope.h"

#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

class Expressions;

// `value` as the type that a setting has: an integer is a number, a pair and a list of one.
Value converted(const Value& value, const Parameter& setting, Span at, const Nodes& nodes,
                Report& report);

[[noreturn]] void unknown_setting(const std::string& name, Span at, std::string_view owner,
                                  const std::vector<std::string>& known, Report& report);

class Settings {
public:
  Settings(Report& report, Nodes& nodes, Expressions& expressions)
      : report_(report), nodes_(nodes), expressions_(expressions) {}

  // Gives the instance every setting of its block.
  void give(Instance& instance, const Block& block, const std::vector<Argument>& arguments,
            Scope& scope, Span at);
  // The call of a block as it should be; "" if that cannot be told. `at`: the arguments at fault.
  std::string corrected_call(const Block& block, const std::vector<Argument>& arguments,
                             Scope& scope, Span* at);

private:
  void check_positions(const Block& block, const std::vector<Argument>& arguments,
                       const std::vector<std::string>& names, Scope& scope);

  Report& report_;
  Nodes& nodes_;
  Expressions& expressions_;
};

}  // namespace linnet::frontend
