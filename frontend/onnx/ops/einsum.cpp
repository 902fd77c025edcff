// Einsum-12: any number of operands, two at a time, each pair as one product of matrices.
#include "frontend/onnx/ops/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace linnet::frontend {
namespace {

namespace ops = ir::ops;
using ir::Ints;

// A value whose dimensions have letters. Dimensions of an ellipsis have the letters '0', '1', …,
// counted from its end, for it broadcasts from the right.
struct Term {
  Var value;
  std::string letters;
};

bool holds(const std::string& letters, char c) {
  return letters.find(c) != std::string::npos;
}

// Letters of an operand of `rank` dimensions, the ellipsis written out.
std::string spelled(OnnxNode& node, const std::string& text, size_t rank) {
  const size_t dots = text.find("...");
  std::string letters = text;
  if (dots != std::string::npos) {
    const size_t named = text.size() - 3;
    if (rank < named || rank - named > 9)
      node.wrong(fmt::format("'{}' for an operand of {} dimensions", text, rank));
    std::string wide;
    for (size_t i = rank - named; i-- > 0;)
      wide += static_cast<char>('0' + i);
    letters.replace(dots, 3, wide);
  }
  const bool all = std::ranges::all_of(letters, [](unsigned char c) { return std::isalnum(c); });
  const bool digits = std::ranges::any_of(text, [](unsigned char c) { return std::isdigit(c); });
  if (!all || digits || letters.size() != rank)
    node.wrong(fmt::format("'{}' for an operand of {} dimensions", text, rank));
  return letters;
}

// Dimensions with the same letter become one: the diagonal.
Term without_repeats(OnnxNode& node, Term term) {
  for (size_t i = 0; i < term.letters.size(); ++i) {
    const size_t j = term.letters.find(term.letters[i], i + 1);
    if (j == std::string::npos) continue;
    const ir::Shape shape = term.value.shape();
    const int64_t n = shape[i];
    if (shape[j] != n) node.wrong(fmt::format("'{}' is {} and {}", term.letters[i], n, shape[j]));
    // [n, n] in one dimension, every (n + 1)-th element of it.
    Ints order;
    for (size_t k = 0; k < shape.size(); ++k) {
      if (k != i && k != j) order.push_back(static_cast<int64_t>(k));
    }
    std::string rest;
    ir::Shape flat;
    for (int64_t k : order) {
      rest += term.letters[static_cast<size_t>(k)];
      flat.push_back(shape[static_cast<size_t>(k)]);
    }
    order.push_back(static_cast<int64_t>(i));
    order.push_back(static_cast<int64_t>(j));
    flat.push_back(n * n);
    const Var line = reshaped(transposed(term.value, order), flat);
    return without_repeats(node,
                           {sliced(line, flat.size() - 1, 0, n, n + 1), rest + term.letters[i]});
  }
  return term;
}

// Sums over every letter that is not in `kept`.
Term summed(const Term& term, const std::string& kept) {
  Ints dims;
  Term result;
  for (size_t i = 0; i < term.letters.size(); ++i) {
    if (holds(kept, term.letters[i])) {
      result.letters += term.letters[i];
    } else {
      dims.push_back(static_cast<int64_t>(i));
    }
  }
  result.value = reduced(ops::sum, term.value, dims, false);
  return result;
}

Var ordered(const Term& term, const std::string& letters) {
  Ints order;
  for (char c : letters)
    order.push_back(static_cast<int64_t>(term.letters.find(c)));
  return std::ranges::is_sorted(order) ? term.value : transposed(term.value, order);
}

// Two operands: letters of both that stay are the batch, letters of both that go the inner
// dimension. An ellipsis' dimension of size 1 is repeated first.
Term multiplied(OnnxNode& node, Term a, Term b, const std::string& kept) {
  const auto size = [](const Term& t, char c) { return t.value.shape()[t.letters.find(c)]; };
  for (char c : a.letters) {
    if (!holds(b.letters, c) || size(a, c) == size(b, c)) continue;
    Term& small = size(a, c) == 1 ? a : b;
    const int64_t wide = std::max(size(a, c), size(b, c));
    if (size(small, c) != 1)
      node.wrong(fmt::format("'{}' is {} and {}", c, size(a, c), size(b, c)));
    ir::Shape shape = small.value.shape();
    shape[small.letters.find(c)] = wide;
    small.value = broadcast_to(small.value, shape);
  }
  a = summed(a, kept + b.letters);
  b = summed(b, kept + a.letters);
  std::string batch, inner, left, right;
  for (char c : a.letters) {
    const bool both = holds(b.letters, c);
    (both ? holds(kept, c) ? batch : inner : left) += c;
  }
  for (char c : b.letters) {
    if (!holds(a.letters, c)) right += c;
  }
  const auto sizes = [&](const Term& t, const std::string& letters) {
    ir::Shape shape;
    for (char c : letters)
      shape.push_back(size(t, c));
    return shape;
  };
  const ir::Shape outer = sizes(a, batch), m = sizes(a, left), n = sizes(b, right);
  const int64_t k = product(sizes(a, inner), 0, inner.size());
  const int64_t batches = product(outer, 0, outer.size());
  const Var x = reshaped(ordered(a, batch + left + inner), {batches, product(m, 0, m.size()), k});
  const Var y = reshaped(ordered(b, batch + inner + right), {batches, k, product(n, 0, n.size())});
  ir::Shape shape = outer;
  shape.insert(shape.end(), m.begin(), m.end());
  shape.insert(shape.end(), n.begin(), n.end());
  return {reshaped(apply(ops::matmul, x, y), shape), batch + left + right};
}

std::string without_blanks(const std::string& text) {
  std::string result;
  std::ranges::copy_if(text, std::back_inserter(result), [](char c) { return c != ' '; });
  return result;
}

void einsum(OnnxNode& node) {
  const std::string equation = without_blanks(node.text("equation", ""));
  const size_t arrow = equation.find("->");
  std::vector<std::string> texts{""};
  for (char c : equation.substr(0, arrow)) {
    if (c == ',') {
      texts.emplace_back();
    } else {
      texts.back() += c;
    }
  }
  if (texts.size() != node.input_count())
    node.wrong(fmt::format("equation '{}' has {} operands, {} are given", equation, texts.size(),
                           node.input_count()));
  std::vector<Term> terms;
  std::string dots;
  std::string all;
  for (size_t i = 0; i < texts.size(); ++i) {
    const Var value = node.in(i);
    terms.push_back({value, spelled(node, texts[i], value.type().rank())});
    for (char c : terms.back().letters) {
      all += c;
      if (std::isdigit(static_cast<unsigned char>(c)) && !holds(dots, c)) dots += c;
    }
    terms.back() = without_repeats(node, terms.back());
  }
  std::ranges::sort(dots, std::greater<>());
  std::string result;
  if (arrow == std::string::npos) {
    // Every letter that stands once, in alphabetical order, after the ellipsis.
    std::string sorted = all;
    std::ranges::sort(sorted);
    for (char c : sorted) {
      if (std::isalpha(static_cast<unsigned char>(c)) && std::ranges::count(all, c) == 1)
        result += c;
    }
    result = dots + result;
  } else {
    result = equation.substr(arrow + 2);
    if (const size_t at = result.find("..."); at != std::string::npos) result.replace(at, 3, dots);
  }
  for (char c : result) {
    if (!holds(all, c) || std::ranges::count(result, c) != 1)
      node.wrong(fmt::format("equation '{}': '{}' in the result", equation, c));
  }
  Term product = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    std::string kept = result;
    for (size_t j = i + 1; j < terms.size(); ++j)
      kept += terms[j].letters;
    product = multiplied(node, product, terms[i], kept);
  }
  product = summed(product, result);
  node.give(ordered(product, result));
}

constexpr std::array kOnnxOps = std::to_array<OnnxOp>({{"Einsum", einsum}});

}  // namespace

std::span<const OnnxOp> einsum_ops() {
  return kOnnxOps;
}

}  // namespace linnet::frontend
