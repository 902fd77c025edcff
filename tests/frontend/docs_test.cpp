// docs/ops.md is written from the records of the ops and from prelude.lin, docs/lir.md holds texts
// that the reader takes. `LINNET_UPDATE_DOCS=1 build/tests/linnet_frontend_test
// --gtest_filter='Docs.*'` writes docs/ops.md anew.
#include "frontend/lin/parser.h"
#include "ir/data_kind.h"
#include "ir/op_def.h"
#include "ir/optimizer.h"
#include "ir/print.h"
#include "ir/read.h"
#include "ir/verify.h"

#include "base/io/file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <span>

namespace linnet::frontend {
namespace {

const std::string kDocs = std::string(LINNET_SOURCE_DIR) + "/docs/";

std::string text_of(const std::string& path) {
  const auto bytes = read_file(path);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "no file " + path;
}

// ---- ops.md

std::string kind_of_attr(const ir::AttrDef& attr) {
  constexpr const char* kKinds[] = {"int",    "float",   "bool",  "string", "ints",
                                    "floats", "strings", "dtype", ""};
  if (attr.words.empty()) return kKinds[attr.default_value.index()];
  return fmt::format("{}", fmt::join(attr.words, " \\| "));
}

std::string op_row(const ir::OpDef& op) {
  std::string operands, settings;
  for (const ir::OperandDef& operand : op.operands) {
    operands += (operands.empty() ? "" : ", ") + std::string(operand.name);
    if (operand.variadic) operands += ", …";
    if (operand.optional) operands += "?";
    if (!operand.doc.empty()) operands += ": " + std::string(operand.doc);
  }
  for (const ir::AttrDef& attr : op.attrs) {
    settings += fmt::format(
        "{}`{}: {}{}` {}", settings.empty() ? "" : "<br>", attr.name, kind_of_attr(attr),
        attr.required ? "" : " = " + ir::to_string(attr.default_value), attr.doc);
  }
  return fmt::format("| `{}` | {} | {} | {} |\n", op.name, operands, settings, op.doc);
}

// Parameters, buffers and states with their types and initialisers as written.
void stored(const std::vector<Item>& items, const SourceManager& sources, std::string& out) {
  for (const Item& item : items) {
    stored(item.then, sources, out);
    stored(item.otherwise, sources, out);
    const bool kept = item.kind == ItemKind::kParam || item.kind == ItemKind::kBuffer ||
                      item.kind == ItemKind::kState || item.kind == ItemKind::kLayer;
    if (!kept) continue;
    out += out.empty() ? "" : "<br>";
    out += fmt::format("`{}`", sources.text(item.span));
  }
}

std::string layer_text(const Block& block, const SourceManager& sources) {
  const auto list = [&](const std::vector<Parameter>& parameters) {
    std::string text;
    for (const Parameter& parameter : parameters) {
      text += (text.empty() ? "" : ", ") + parameter.name + (parameter.name.empty() ? "" : ": ") +
              std::string(sources.text(parameter.type.span));
      if (parameter.default_value)
        text += fmt::format(" = {}", sources.text(parameter.default_value->span));
    }
    return text;
  };
  // The comment above the block.
  std::vector<std::string> comment;
  uint32_t at = sources.line_start(block.span.file, block.span.begin);
  while (at > 0) {
    const std::string line(sources.line(block.span.file, at - 1));
    if (!line.starts_with("# ")) break;
    comment.insert(comment.begin(), line.substr(2));
    at = sources.line_start(block.span.file, at - 1);
  }
  std::string keeps;
  stored(block.items, sources, keeps);
  const std::string settings =
      block.settings.empty() ? "" : fmt::format("({})", list(block.settings));
  return fmt::format("### {}\n```\n{}{}({}) -> {}\n```\n{}\n{}\n", block.name, block.name, settings,
                     list(block.data), list(block.results), fmt::join(comment, "\n"),
                     keeps.empty() ? "" : "\n" + keeps + "\n");
}

std::string ops_page() {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const std::string prelude = text_of(std::string(LINNET_SOURCE_DIR) + "/frontend/lin/prelude.lin");
  const File file = parse(sources.add("prelude.lin", prelude), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  std::string page = "# Layers and ops\n"
                     "Written from `frontend/lin/prelude.lin` and the records in `ir/ops/`; a test "
                     "(`Docs.OpsPageIsFresh`) holds it to them and says how to write it anew.\n"
                     "How they are called is told in [language.md](language.md): the first setting "
                     "by position, the rest by name.\n\n## Layers\n\n";
  for (const Block& block : file.blocks)
    page += layer_text(block, sources);
  page +=
      "## Ops\n"
      "Operands are tensors (`?`: may be left out; `…`: one or more), settings have their "
      "kind and default.\n\n| op | operands | settings | what it computes |\n|---|---|---|---|\n";
  for (const ir::OpDef* op : ir::all_ops()) {
    if (!op->has(ir::kStructural)) page += op_row(*op);
  }
  return page;
}

TEST(Docs, OpsPageIsFresh) {
  const std::string page = ops_page();
  if (std::getenv("LINNET_UPDATE_DOCS")) {
    ASSERT_TRUE(write_file(kDocs + "ops.md", page));
  }
  EXPECT_TRUE(text_of(kDocs + "ops.md") == page)
      << "docs/ops.md is stale; write it anew: LINNET_UPDATE_DOCS=1 "
         "build/tests/linnet_frontend_test --gtest_filter='Docs.*'";
}

// ---- language.md

// A setting as the page writes it: `lr: 0.001`, `color: gray|rgb|bgr`; of what may be anything the
// name alone.
std::string as_documented(const ir::Setting& setting) {
  if (!setting.words.empty())
    return fmt::format("{}: {}", setting.name, fmt::join(setting.words, "|"));
  return fmt::format("{}:", setting.name);
}

// The settings that the page does not name where it shows `name(…)`.
std::string missing_settings(const std::string& page, std::string_view name,
                             std::span<const ir::Setting> settings) {
  std::string text;  // of all its mentions
  const std::string begin = fmt::format("{}(", name);
  for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
    const bool whole = at == 0 || !std::isalnum(static_cast<unsigned char>(page[at - 1]));
    if (whole) text += page.substr(at, page.find('\n', at) - at) + "\n";
  }
  if (text.empty()) return fmt::format("{}\n", name);
  std::string missing;
  for (const ir::Setting& setting : settings) {
    if (text.find(as_documented(setting)) == std::string::npos)
      missing += fmt::format("{}({})\n", name, as_documented(setting));
  }
  return missing;
}

TEST(Docs, LanguagePageNamesEverySettingOfData) {
  const std::string page = text_of(kDocs + "language.md");
  std::string missing;
  for (const ir::DataKind* kind : ir::all_data_kinds()) {
    missing += missing_settings(page, kind->name, kind->settings);
    EXPECT_FALSE(kind->doc.empty()) << kind->name;
  }
  EXPECT_EQ(missing, "");
}

TEST(Docs, LanguagePageNamesEverySettingOfOptimizers) {
  const std::string page = text_of(kDocs + "language.md");
  std::string missing;
  for (const ir::Optimizer* optimizer : ir::all_optimizers()) {
    missing += missing_settings(page, optimizer->name, optimizer->settings);
    EXPECT_FALSE(optimizer->doc.empty()) << optimizer->name;
  }
  EXPECT_EQ(missing, "");
}

// ---- lir.md

TEST(Docs, ExamplesOfLirAreRead) {
  const std::string page = text_of(kDocs + "lir.md");
  constexpr std::string_view kBegin = "```lir\n";
  int examples = 0;
  for (size_t at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at + 1)) {
    const size_t begin = at + kBegin.size();
    const std::string text = page.substr(begin, page.find("```", begin) - begin);
    SourceManager sources;
    Diagnostics diagnostics(sources);
    const auto module = ir::read(sources.add("docs/lir.md", text), {}, diagnostics);
    ASSERT_TRUE(module.has_value()) << diagnostics.text();
    EXPECT_EQ(ir::verify(*module), std::nullopt);
    EXPECT_EQ(ir::print(*module).text, text) << "examples are as linnet prints them";
    ++examples;
  }
  EXPECT_GE(examples, 2);
}

}  // namespace
}  // namespace linnet::frontend
