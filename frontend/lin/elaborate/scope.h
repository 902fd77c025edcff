// Names visible in one application of a block, or in a loss.
#pragma once

#include "frontend/lin/value.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

// Thrown after an error was reported; caught where the next entry begins.
struct Abandon {};

struct Binding {
  Value value;
  Span span;  // where it was defined
  std::string_view
      warn_as{};  // "layer", "let", …: what to call it if it is never used; "": nothing
  bool used = false;
  bool faulty = false;  // its definition was wrong: what reads it gets no message of its own
};

struct Scope {
  Instance* instance = nullptr;
  std::map<std::string, Binding> names;
  std::vector<std::string> order;  // of definition
  std::string suffix;              // ".0" inside a repeat: part of the paths of layers
  std::optional<Value> result;
  // Of a loss only: the parameters of all layers by path, and the words for losses, to suggest.
  const std::map<std::string, ir::ValueId>* parameters = nullptr;
  std::vector<std::string_view> words;

  void define(const std::string& name, Binding binding);
};

}  // namespace linnet::frontend
