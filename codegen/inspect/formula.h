// Expressions of one element (codegen/source) as mathematics in Unicode.
#pragma once

#include "codegen/source/expression.h"
#include "ir/scalar_expr.h"

#include <set>
#include <string>
#include <vector>

namespace linnet::codegen {

class Formula {
public:
  explicit Formula(const source::Expressions& expressions) : e_(expressions) {}

  [[nodiscard]] std::string text(source::NodeId id) { return printed(id).text; }
  [[nodiscard]] std::string index_text(const source::Index& index);
  // "image[0,c,h+ky−2,w+kx−2]"; of a scalar its name alone.
  [[nodiscard]] std::string element(const std::string& array, const source::Position& position);
  // What the text above takes for granted: "image is 0 outside".
  [[nodiscard]] const std::set<std::string>& notes() const { return notes_; }
  // Variables of sums in it, with their extents.
  [[nodiscard]] const std::vector<std::pair<std::string, int64_t>>& bounds() const {
    return bounds_;
  }

private:
  // How tightly it binds: 0 a sum, 1 a product, 2 a name or call.
  struct Text {
    std::string text;
    int binds = 2;
  };
  Text printed(source::NodeId id);
  Text binary(const source::Node& node);
  Text call(const source::Node& node);
  Text reduction(const source::Node& node);
  Text index(const source::Index& index);
  [[nodiscard]] std::string within(const Text& text, int binds) const;

  const source::Expressions& e_;
  std::set<std::string> notes_;
  std::vector<std::pair<std::string, int64_t>> bounds_;
};

// "max(x, 0)": of the arguments these texts.
[[nodiscard]] std::string scalar_text(const ir::ScalarExpr& tree,
                                      const std::vector<std::string>& arguments);
// "0.5", "−∞".
[[nodiscard]] std::string number(double value);

}  // namespace linnet::codegen
