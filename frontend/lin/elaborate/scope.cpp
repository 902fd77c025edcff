// Names visible in one application of a block, and what to call their values.
#include "frontend/lin/elaborate/scope.h"

namespace linnet::frontend {

std::string kind_of(const Value& value) {
  constexpr const char* kNames[] = {"nothing",        "a tensor", "an integer", "a number",
                                    "a bool",         "a string", "a list",     "a tuple",
                                    "an initialiser", "a layer"};
  return kNames[value.data.index()];
}

void Scope::define(const std::string& name, Binding binding) {
  if (!names.contains(name)) order.push_back(name);
  const auto old = names.find(name);
  // A rebound name was used: the new definition usually reads the old one.
  if (old != names.end()) binding.used = binding.used || old->second.used;
  names[name] = std::move(binding);
}

}  // namespace linnet::frontend
