// Where a node comes from: one span, one ONNX node, or a merged list of both.
#pragma once

#include "support/diag.h"

#include <string>
#include <vector>

namespace linnet::ir {

// Every node has a known place; rewrites merge the places of what they replace.
struct Place {
  std::vector<Span> spans;
  std::vector<std::string> names;  // "model.onnx: node 'conv1' (Conv)"

  Place() = default;
  Place(Span span) : spans{span} {}
  static Place named(std::string name) {
    Place place;
    place.names.push_back(std::move(name));
    return place;
  }

  [[nodiscard]] bool known() const { return !spans.empty() || !names.empty(); }
  // Adds the other's entries that are not yet here; order is that of arrival.
  void merge(const Place& other);
  // The first entry, as diagnostics want it.
  [[nodiscard]] DiagPlace diag() const;
};

[[nodiscard]] Place merged(Place a, const Place& b);

}  // namespace linnet::ir
