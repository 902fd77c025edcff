// Tokens are set one after the other; a stack of brackets says where a line begins.
#include "frontend/lin/format.h"

#include "frontend/lin/format_tokens.h"
#include "frontend/lin/lexer.h"
#include "frontend/lin/operators.h"
#include "frontend/lin/parser.h"

#include "support/check.h"
#include "support/text.h"

#include <algorithm>

namespace linnet::frontend {
namespace {

constexpr size_t kIndent = 2;        // of entries in braces
constexpr size_t kContinuation = 4;  // of a line that goes on, where there is nothing to align with

// A line of the result. Comments behind code are set at the end, in one column for each paragraph:
// lines without an empty line, or a bracket that stands alone, between them.
struct Line {
  std::string code;
  std::string comment = "";  // behind the code
  size_t paragraph = 0;
};

struct Bracket {
  enum Kind : uint8_t { kBraces, kParentheses, kSquare } kind = kBraces;
  size_t indent = 0;                 // of lines in it
  size_t close_indent = 0;           // of its end, where that begins a line
  std::optional<size_t> pipe = {};   // column of the first `|>` of the expression
  std::optional<size_t> value = {};  // column of what follows `=` or `name:`
};

class Formatter {
public:
  explicit Formatter(const FormatTokens& source) : source_(source) {}

  std::string run() {
    for (; at_ < tokens_.size(); ++at_)
      token();
    return text();
  }

private:
  // ---- what a token is

  [[nodiscard]] bool is(std::string_view symbol) const { return source_.is(at_, symbol); }
  [[nodiscard]] bool previous_is(std::string_view symbol) const {
    return at_ > 0 && source_.is(at_ - 1, symbol);
  }
  [[nodiscard]] bool opens() const { return is("{") || is("(") || is("["); }
  [[nodiscard]] bool closes() const { return is("}") || is(")") || is("]"); }
  [[nodiscard]] Bracket& inside() { return brackets_.back(); }

  // Does this line go on with the expression of the one before?
  [[nodiscard]] bool continues() const { return is("|>") || after_operator_; }

  // A name that is no operand: `if (…)`, `let (…)`, `in` of a repeat, `not`, `and`.
  [[nodiscard]] bool is_keyword() const {
    const std::string& word = tokens_[at_].text;
    if (word == "and" || word == "or") return after_operand_;
    if (word == "not") return !after_operand_;
    if (word == "in") return at_ == entry_ + 2 && source_.is_word(entry_, "repeat");
    const bool begins = at_ == entry_ || (at_ > 0 && source_.is_word(at_ - 1, "else"));
    return begins && (word == "if" || (word == "let" && source_.is(at_ + 1, "(")));
  }

  [[nodiscard]] bool is_operator() const {
    if (tokens_[at_].kind == TokenKind::kName) return after_operand_ && is_keyword();
    if (tokens_[at_].kind != TokenKind::kSymbol || !after_operand_) return false;
    if (is("**")) return true;
    for (int level = 0; level < kOperatorLevels; ++level) {
      if (operator_at(level, tokens_[at_].text)) return true;
    }
    return false;
  }

  // A block, model or declaration.
  [[nodiscard]] bool begins_top_level() const {
    return brackets_.size() == 1 && tokens_[at_].kind == TokenKind::kName && at_ > 0 &&
           (previous_is("}") || previous_is(")") || previous_is("]") || previous_is(";"));
  }

  // ---- where it goes

  [[nodiscard]] bool begins_line(const Gap& gap) const {
    if (at_ == 0 || !gap.comments.empty() || begins_top_level()) return true;
    if (previous_is("{") && source_.spread[at_ - 1]) return true;
    if (is("}")) return source_.spread[at_];
    if (is(";") || tokens_[at_].kind == TokenKind::kEnd) return false;
    if (source_.is_word(at_, "else") && (previous_is("}") || previous_is(";"))) return false;
    return gap.newline;
  }

  [[nodiscard]] bool blank_allowed() const {
    const bool opened = previous_is("{") || previous_is("(") || previous_is("[");
    return at_ > 0 && !opened && !continues();
  }

  size_t indent() {
    Bracket& in = inside();
    const size_t deeper = in.indent + kContinuation;
    if (is("|>")) {
      if (!in.pipe) in.pipe = deeper;
      return *in.pipe;
    }
    if (previous_is(":") && in.kind != Bracket::kBraces) return deeper;
    if (!after_operator_) return in.indent;
    return in.value.value_or(in.kind == Bracket::kBraces ? deeper : in.indent);
  }

  void begin_line(size_t indent, bool blank) {
    if (blank && !lines_.empty()) {
      lines_.push_back({});
      ++paragraph_;
    }
    lines_.push_back({std::string(indent, ' '), "", paragraph_});
  }

  // Comments before the token, then the line it begins.
  void comments_and_line(const Gap& gap) {
    const bool last = tokens_[at_].kind == TokenKind::kEnd;
    bool apart = apart_from_last(gap);
    bool allowed = blank_allowed();
    for (const Comment& comment : gap.comments) {
      if (!comment.own_line) {
        lines_.back().comment = comment.text;
        continue;
      }
      begin_line(closes() ? inside().indent : indent(), apart || (comment.blank_before && allowed));
      lines_.back().code += comment.text;
      apart = false;
      allowed = !continues();
    }
    if (last) return;
    if (closes()) ++paragraph_;
    begin_line(closes() ? inside().close_indent : indent(),
               apart || (gap.blank_before && allowed && !closes()));
  }

  // An empty line before a block or declaration, and the comments above it, that the author left
  // out behind one of several lines.
  [[nodiscard]] bool apart_from_last(const Gap& gap) const {
    if (!begins_top_level() || !previous_is("}") || !source_.spread[at_ - 1]) return false;
    return !gap.blank_before &&
           std::ranges::none_of(gap.comments, [](const Comment& c) { return c.blank_before; });
  }

  // ---- blanks

  [[nodiscard]] bool blank_before() {
    const bool brackets = previous_is("(") || previous_is("[") || is(")") || is("]");
    if (brackets || is(",") || is(";") || is("%") || is("..") || previous_is("..")) return false;
    if (is(":")) return previous_is(",");  // x[:, :]
    if (is("."))                           // `a.0 .1`, which `a.0.1` is not: 0.1 is a number
      return source_.tokens[at_ - 1].kind == TokenKind::kInteger && source_.is_number(at_ + 1);
    if (previous_is(".") || after_minus_) return false;
    if (previous_is(":")) return inside().kind != Bracket::kSquare;  // x[a:b]
    if (is("(") || is("[")) return !after_operand_;
    if (source_.is_fraction(at_) || source_.is_fraction(at_ - 1)) return false;
    return !(previous_is("{") && is("}"));
  }

  // ---- one token

  void token() {
    const Gap& gap = source_.gaps[at_];
    const bool new_line = begins_line(gap);
    const bool entry =
        inside().kind == Bracket::kBraces && (at_ == 0 || previous_is("{") || previous_is("}") ||
                                              previous_is(";") || (new_line && !continues()));
    if (entry) {
      entry_ = at_;
      inside().pipe = inside().value = std::nullopt;
      after_operand_ = false;
    }
    if (new_line) comments_and_line(gap);
    if (tokens_[at_].kind == TokenKind::kEnd) return;
    if (!new_line && blank_before()) lines_.back().code += ' ';
    const size_t column = display_width(lines_.back().code);
    if (previous_is("=") || previous_is(":")) inside().value = column;
    if (is("|>") && !inside().pipe) inside().pipe = column;
    lines_.back().code += source_.text.substr(tokens_[at_].span.begin,
                                              tokens_[at_].span.end - tokens_[at_].span.begin);
    if (is(",")) inside().pipe = inside().value = std::nullopt;
    nest(column);
    remember();
  }

  void nest(size_t column) {
    if (closes()) {
      brackets_.pop_back();
    } else if (is("{")) {
      brackets_.push_back({Bracket::kBraces, inside().indent + kIndent, inside().indent});
      paragraph_ += source_.spread[at_] ? 1 : 0;
    } else if (is("(") || is("[")) {
      const auto kind = is("(") ? Bracket::kParentheses : Bracket::kSquare;
      const Gap& next = source_.gaps[at_ + 1];
      if (next.newline || !next.comments.empty()) {  // nothing behind it to align with
        const std::string& line = lines_.back().code;
        const bool pipe = line.substr(line.find_first_not_of(' ')).starts_with("|>");
        const size_t base = pipe ? inside().pipe.value_or(inside().indent) : inside().indent;
        brackets_.push_back({kind, base + kContinuation, base});
        ++paragraph_;
      } else {
        brackets_.push_back({kind, column + 1, column});
      }
    }
  }

  // What the next token asks of this one.
  void remember() {
    after_operator_ = is_operator();
    const bool minus = is("-") && !after_operand_;
    const TokenKind kind = tokens_[at_].kind;
    const bool name = kind == TokenKind::kName;
    after_operand_ = name ? !is_keyword()
                          : kind != TokenKind::kSymbol || is(")") || is("]") || is("}") || is("%");
    after_minus_ = minus;
  }

  // ---- the end

  std::string text() {
    std::string text;
    for (size_t begin = 0, end = 0; begin < lines_.size(); begin = end) {
      // Two blanks behind the longest line of the paragraph that has a comment.
      size_t column = 0;
      for (; end < lines_.size() && lines_[end].paragraph == lines_[begin].paragraph; ++end) {
        if (!lines_[end].comment.empty())
          column = std::max(column, display_width(lines_[end].code) + 2);
      }
      for (size_t i = begin; i < end; ++i) {
        const auto& [code, comment, paragraph] = lines_[i];
        text += code;
        if (!comment.empty()) text += std::string(column - display_width(code), ' ') + comment;
        text += '\n';
      }
    }
    return text;
  }

  const FormatTokens& source_;
  const std::vector<Token>& tokens_ = source_.tokens;
  size_t at_ = 0;
  size_t entry_ = 0;  // the first token of this entry
  bool after_operand_ = false, after_operator_ = false, after_minus_ = false;
  std::vector<Bracket> brackets_ = {{}};  // the first: the file
  std::vector<Line> lines_;
  size_t paragraph_ = 0;
};

// The same tokens, but for newlines.
bool same_tokens(const std::vector<Token>& a, const std::vector<Token>& b) {
  return std::ranges::equal(
      a, b, [](const Token& x, const Token& y) { return x.kind == y.kind && x.text == y.text; });
}

}  // namespace

std::optional<std::string> format(uint32_t file, Diagnostics& diagnostics) {
  const SourceManager& sources = diagnostics.sources();
  Diagnostics syntax(sources);
  static_cast<void>(parse(file, syntax));
  if (syntax.has_errors()) {
    for (const Diagnostic& error : syntax.all())
      diagnostics.report(error);
    return std::nullopt;
  }
  const FormatTokens source(sources.text(file), lex(file, syntax));
  std::string text = Formatter(source).run();

  SourceManager written;
  Diagnostics faults(written);
  const uint32_t again = written.add(std::string(sources.name(file)), text);
  static_cast<void>(parse(again, faults));
  const FormatTokens result(written.text(again), lex(again, faults));
  LINNET_CHECK(!faults.has_errors() && same_tokens(source.tokens, result.tokens),
               "a formatted text has the same tokens");
  return text;
}

}  // namespace linnet::frontend
