// Look-ups in the tables of support/letters_table.h.
#include "support/letters.h"

#include "base/text.h"
#include "support/letters_table.h"

#include <algorithm>
#include <iterator>

namespace linnet {
namespace {

template <size_t n> bool holds(const letters::Range (&ranges)[n], char32_t c) {
  const auto* after = std::ranges::upper_bound(ranges, c, {}, &letters::Range::first);
  return after != std::begin(ranges) && c <= std::prev(after)->last;
}

// Korean syllables compose by arithmetic: a leading consonant and a vowel, a syllable and a
// trailing consonant (The Unicode Standard, 3.12).
bool composes_hangul(char32_t before, char32_t c) {
  if (before >= 0x1100 && before <= 0x1112) return c >= 0x1161 && c <= 0x1175;
  const bool syllable = before >= 0xac00 && before <= 0xd7a3 && (before - 0xac00) % 28 == 0;
  return syllable && c >= 0x11a8 && c <= 0x11c2;
}

bool composes(char32_t before, char32_t c) {
  if (composes_hangul(before, c)) return true;
  const auto less = [](const letters::Pair& a, const letters::Pair& b) {
    return a.mark != b.mark ? a.mark < b.mark : a.letter < b.letter;
  };
  return std::ranges::binary_search(letters::kPairs, letters::Pair{c, before}, less);
}

}  // namespace

bool begins_name(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return holds(letters::kStart, c);
}

bool continues_name(char32_t c) {
  if (c < 0x80) return begins_name(c) || (c >= '0' && c <= '9');
  return holds(letters::kStart, c) || holds(letters::kContinue, c);
}

std::optional<size_t> not_composed(std::string_view name) {
  char32_t before = 0;
  for (size_t at = 0; at < name.size();) {
    const CodePoint c = code_point(name, at);
    if (c.value >= 0x80 && (holds(letters::kNotComposed, c.value) || composes(before, c.value)))
      return at;
    before = c.value;
    at += c.length;
  }
  return std::nullopt;
}

}  // namespace linnet
