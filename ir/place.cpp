// Joins the places of nodes that become one, and turns a place into one for a message.
#include "ir/place.h"

#include <algorithm>

namespace linnet::ir {

void Place::merge(const Place& other) {
  for (const Span& span : other.spans) {
    if (std::ranges::find(spans, span) == spans.end()) spans.push_back(span);
  }
  for (const std::string& name : other.names) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
}

DiagPlace Place::diag() const {
  DiagPlace place;
  if (!spans.empty()) {
    place.span = spans.front();
  } else if (!names.empty()) {
    place.name = names.front();
  }
  return place;
}

Place merged(Place a, const Place& b) {
  a.merge(b);
  return a;
}

}  // namespace linnet::ir
