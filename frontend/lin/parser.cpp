// Files, blocks and declarations; what cannot be read is reported, and left where the next
// entry begins.
#include "frontend/lin/parser.h"

#include "frontend/lin/foreign.h"
#include "frontend/lin/item_parser.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace linnet::frontend {
namespace {

class Parser : private ItemParser {
public:
  using ItemParser::ItemParser;

  File run() {
    File file;
    for (skip_ends(); !at_end(); skip_ends()) {
      const size_t start = at_;
      try {
        top_level(file);
      } catch (const Stop&) {
        file.faulty = true;
        if (diagnostics_.full()) break;
        recover(start);
      }
    }
    return file;
  }

private:
  void top_level(File& file) {
    const Token& word = now();
    if (word.kind == TokenKind::kName && (word.text == "block" || word.text == "model")) {
      file.blocks.push_back(block());
    } else if (word.kind == TokenKind::kName && (word.text == "data" || word.text == "train")) {
      file.declarations.push_back(declarations());
    } else {
      const std::array<std::string, 4> known = {"block", "model", "data", "train"};
      static constexpr std::array<std::string_view, 8> kEntries = {
          "layer", "param", "buffer", "state", "let", "next", "repeat", "if"};
      const bool entry = std::ranges::find(kEntries, word.text) != kEntries.end();
      // What is left of a block whose braces are wrong was said there.
      if (diagnostics_.has_errors() && (entry || is("}"))) throw Stop{};
      if (entry) {
        fail(fmt::format("`{}` stands inside a model or block", word.text),
             "model net(x: f32[N, 4]) -> y: f32[N, 1] { … }");
      }
      const ForeignWord foreign = foreign_word(word.kind == TokenKind::kName ? word.text : "");
      if (!foreign.word.empty()) fail(std::string(foreign.message), std::string(foreign.remedy));
      fail(fmt::format("expected `block`, `model`, `data` or `train`, not {}", shown(word)),
           did_you_mean(word.text, known));
    }
  }

  // onnx("FILE", sr: 16000) { state h = h0 -> hn }, a model from elsewhere.
  void imported(Block& block) {
    constexpr const char* kForm = "model digits = onnx(\"digits.onnx\")";
    if (now().text != "onnx") fail(fmt::format("expected `onnx`, not {}", shown(now())), kForm);
    take();
    expect("(");
    if (now().kind != TokenKind::kString || now().text.empty())
      fail(fmt::format("expected the file's name in quotes, not {}", shown(now())), kForm);
    block.onnx = take().text;
    for (separator(")"); !accept(")"); separator(")")) {
      Argument argument;
      argument.span = now().span;
      argument.name = quotable("the name of an input or a dimension");
      expect(":");
      argument.value = expr();
      block.fixed.push_back(std::move(argument));
    }
    if (!accept("{")) return;
    for (skip_ends(); !accept("}"); skip_ends()) {
      constexpr const char* kState = "state h = h0 -> hn";
      if (now().kind != TokenKind::kName || now().text != "state")
        fail(fmt::format("expected `state`, not {}", shown(now())), kState);
      take();
      ImportedState state;
      state.span = now().span;
      state.name = quotable("the state's name");
      expect("=");
      state.input = quotable("the input that takes the state");
      if (!is("->")) fail(fmt::format("expected '->', not {}", shown(now())), kState);
      take();
      state.output = quotable("the output that gives the next state");
      block.states.push_back(std::move(state));
      if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
        fail(fmt::format("expected the end of this entry, not {}", shown(now())));
    }
  }

  // Names of an ONNX model may need quotes.
  std::string quotable(std::string_view what) {
    return now().kind == TokenKind::kString && !now().text.empty() ? take().text : name(what);
  }

  Block block() {
    Block block;
    block.is_model = take().text == "model";
    block.span = now().span;
    block.name = name("a name");
    if (block.is_model && accept("=")) {
      imported(block);
      return block;
    }
    try {
      header(block);
    } catch (const Stop&) {
      block.faulty = true;
      while (!at_end() && !is("{") && !begins_top_level())
        take();
      if (diagnostics_.full() || !is("{")) throw;
    }
    block.items = items();
    return block;
  }

  // (settings)(data) -> results
  void header(Block& block) {
    std::vector<Parameter> first = parameters();
    if (is("(")) {
      block.settings = std::move(first);
      block.data = parameters();
    } else if (!first.empty() && !first.front().type.tensor) {
      block.settings = std::move(first);
      fail("a block has its data in the second parentheses",
           fmt::format("{} {}(…)(x: f32[N, K]) -> …", block.is_model ? "model" : "block",
                       block.name));
    } else {
      block.data = std::move(first);
    }
    for (const Parameter& setting : block.settings) {
      if (!setting.type.tensor) continue;
      error(setting.span, "tensors are data and stand in the last parentheses");
      block.faulty = true;
    }
    if (accept("->")) block.results = results();
  }

  // `-> name: f32[N, 10]`, `-> f32[N, 10]`, `-> (a: f32[N, 4], b: f32[N])`.
  std::vector<Parameter> results() {
    const auto one = [&] {
      Parameter result;
      result.span = now().span;
      if (now().kind == TokenKind::kName && ahead(1).text == ":") {
        result.name = take().text;
        take();
      }
      result.type = type();
      return result;
    };
    std::vector<Parameter> list;
    if (!accept("(")) {
      list.push_back(one());
      return list;
    }
    skip_newlines();
    while (!accept(")")) {
      list.push_back(one());
      separator(")");
    }
    return list;
  }

  std::vector<Parameter> parameters() {
    expect("(");
    std::vector<Parameter> list;
    skip_newlines();
    while (!accept(")")) {
      Parameter parameter;
      parameter.span = now().span;
      parameter.name = name("a parameter's name");
      expect(":");
      parameter.type = type();
      if (accept("=")) parameter.default_value = expr();
      list.push_back(std::move(parameter));
      separator(")");
    }
    return list;
  }

  Declarations declarations() {
    Declarations block;
    block.keyword = take().text;
    block.span = now().span;
    block.name = name("the model's name");
    const Span open = now().span;
    expect("{");
    for (skip_ends(); !accept("}"); skip_ends()) {
      if (unclosed(open)) return block;
      const size_t start = at_;
      try {
        new_entry();
        Declarations::Entry entry;
        entry.span = now().span;
        // Names of an ONNX model may need quotes.
        entry.target = now().kind == TokenKind::kString ? take().text : name("a name");
        if (is("=")) {
          error(now().span, "an entry is given with ':'").help(entry.target + ": …");
          take();
        } else {
          expect(":");
        }
        entry.value = expr();
        if (is(",")) entry.value = listed(std::move(entry.value));
        block.entries.push_back(std::move(entry));
        if (!is("}") && now().kind != TokenKind::kNewline && !is(";"))
          fail(fmt::format("expected the end of this entry, not {}", shown(now())));
      } catch (const Stop&) {
        if (diagnostics_.full()) throw;
        skip_entry(start);
        block.faulty = true;
      }
    }
    return block;
  }

  // `freeze: conv1, conv2`: a list without brackets.
  ExprPtr listed(ExprPtr first) {
    ExprPtr list = make(ExprKind::kList, first->span);
    list->operands.push_back(std::move(first));
    while (accept(","))
      list->operands.push_back(expr());
    list->span.end = previous().span.end;
    return list;
  }

  // To the next block or declaration.
  void recover(size_t start) {
    if (at_ == start) take();
    while (!at_end()) {
      const bool line = previous().kind == TokenKind::kNewline;
      const std::string& word = now().text;
      const bool begins = word == "block" || word == "model" || word == "data" || word == "train";
      if (line && now().kind == TokenKind::kName && begins) return;
      take();
    }
  }
};

}  // namespace

File parse(uint32_t file, Diagnostics& diagnostics) {
  return Parser(file, diagnostics).run();
}

}  // namespace linnet::frontend
