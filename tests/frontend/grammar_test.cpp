// The editors' grammars (editors/vscode/syntaxes/) know the words that the compiler knows, and no
// others. `LINNET_UPDATE_DOCS=1 build/tests/linnet_frontend_test --gtest_filter='Grammar.*'` writes
// their lists anew. How they colour a text, tests/editors/ tells.
#include "frontend/lin/foreign.h"
#include "frontend/lin/operators.h"
#include "frontend/lin/parser.h"
#include "ir/data_kind.h"
#include "ir/initialize.h"
#include "ir/op_def.h"
#include "ir/optimizer.h"
#include "ir/recipe.h"
#include "tests/support/message_cases.h"

#include "base/dtype.h"
#include "base/io/file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <regex>
#include <set>

namespace linnet::frontend {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::set<std::string>;

const std::string kRoot = std::string(LINNET_SOURCE_DIR) + "/";
const std::string kSyntaxes = kRoot + "editors/vscode/syntaxes/";

// What the parentheses of the pattern catch in a source: words that no table of a header has.
Words words_in(const std::string& file, const std::string& pattern) {
  const std::string text = messages::text_of(kRoot + file);
  const std::regex regex(pattern);
  Words words;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    words.insert((*at)[1]);
  EXPECT_FALSE(words.empty()) << file << ": nothing like " << pattern;
  return words;
}

void add_words(Words& words, std::span<const ir::Setting> settings) {
  for (const ir::Setting& setting : settings)
    words.insert(setting.words.begin(), setting.words.end());
}

Words dtypes() {
  Words words;
  for (int i = 0; i < kDTypes; ++i)
    words.emplace(name(static_cast<DType>(i)));
  return words;
}

Words layers() {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const File prelude =
      parse(sources.add("prelude.lin", messages::text_of(kRoot + "frontend/lin/prelude.lin")),
            diagnostics);
  Words words;
  for (const Block& block : prelude.blocks)
    words.insert(block.name);
  return words;
}

// Of each list of linnet.tmLanguage.json its words.
std::map<std::string, Words> words_of_lin() {
  std::map<std::string, Words> lists;
  for (const ir::OpDef* op : ir::all_ops())
    if (!op->has(ir::kStructural)) lists["op"].emplace(op->name);
  lists["layer"] = layers();
  for (const std::string& layer : lists["layer"])
    lists["op"].erase(layer);  // conv2d: coloured as the layer
  lists["type"] = dtypes();
  for (const ir::Initializer& initializer : ir::initializers())
    lists["initializer"].emplace(initializer.name);
  for (const ir::DataKind* kind : ir::all_data_kinds()) {
    lists["data_kind"].emplace(kind->name);
    add_words(lists["data_word"], kind->settings);
  }
  for (const ir::Optimizer* optimizer : ir::all_optimizers()) {
    lists["optimizer"].emplace(optimizer->name);
    add_words(lists["train_word"], optimizer->settings);
  }
  for (const ir::RateSchedule& schedule : ir::rate_schedules()) {
    lists["schedule"].emplace(schedule.name);
    add_words(lists["train_word"], schedule.settings);
  }
  const std::string declare = "frontend/lin/declare.cpp";
  lists["train_target"] = words_in(declare, R"re(targets\["(\w+)"\])re");
  for (const ir::TrainNumber& number : ir::train_numbers())
    lists["train_target"].emplace(number.target);
  lists["clip"] = words_in(declare, R"re(\{"(\w+)", \{most\}\})re");
  lists["loss"] =
      words_in("frontend/lin/elaborate/losses.cpp", R"re(\{"(\w+)", &ir::ops::\w+\},)re");
  lists["setting_type"] =
      words_in("frontend/lin/item_parser.cpp", R"re(\{"(\w+)", SettingType::)re");
  lists["builtin"] = words_in("frontend/lin/elaborate/calls.cpp", R"re(expr\.text == "(len)")re");
  lists["builtin"].merge(words_in(declare, R"re(value\.text == "(file)")re"));
  for (int op = 0; op <= static_cast<int>(Operator::kNot); ++op) {
    const std::string text(spelling(static_cast<Operator>(op)));
    if (std::isalpha(static_cast<unsigned char>(text[0])) != 0) lists["word_operator"].insert(text);
  }
  return lists;
}

std::map<std::string, Words> words_of_lir() {
  std::map<std::string, Words> lists;
  for (const ir::OpDef* op : ir::all_ops())
    if (op->has(ir::kStructural)) lists["structure"].emplace(op->name);
  for (int kind = 0; kind <= static_cast<int>(ir::SlotKind::kCounter); ++kind)
    lists["slot_kind"].emplace(name(static_cast<ir::SlotKind>(kind)));
  lists["type"] = lists["dtype"] = dtypes();
  lists["storage"] = {"input", "output", "slot", "arena", "constant"};  // enum Memory
  return lists;
}

// The list in a pattern: `(?:a|b|c)`, each a word.
const std::regex kList(R"re(\(\?:([a-zA-Z0-9_]+(?:\|[a-zA-Z0-9_]+)*)\))re");

// Each list of the file is its words; written anew where that is asked.
void expect_lists(const std::string& file, const std::map<std::string, Words>& lists) {
  const std::string text = messages::text_of(kSyntaxes + file);
  Json grammar = Json::parse(text);
  for (const auto& [rule, words] : lists) {
    ASSERT_TRUE(grammar["repository"].contains(rule)) << rule;
    auto& match = grammar["repository"][rule]["match"];
    const std::string pattern = match;
    const std::string list = fmt::format("(?:{})", fmt::join(words, "|"));
    match = std::regex_replace(pattern, kList, list, std::regex_constants::format_first_only);
    ASSERT_NE(match.get<std::string>().find(list), std::string::npos) << rule << " has no list";
  }
  const std::string fresh = grammar.dump(2) + "\n";
  if (std::getenv("LINNET_UPDATE_DOCS")) {
    ASSERT_TRUE(write_file(kSyntaxes + file, fresh));
    return;
  }
  EXPECT_TRUE(fresh == text) << file
                             << " lacks words, or has others; write its lists anew: "
                                "LINNET_UPDATE_DOCS=1 build/tests/linnet_frontend_test "
                                "--gtest_filter='Grammar.*'";
}

TEST(Grammar, OfTheLanguageKnowsItsWords) {
  expect_lists("linnet.tmLanguage.json", words_of_lin());
}

TEST(Grammar, OfTheIrKnowsItsWords) {
  expect_lists("lir.tmLanguage.json", words_of_lir());
}

// Words that the parsers compare a name with, but for those of other languages.
TEST(Grammar, KnowsTheKeywordsOfTheParsers) {
  const auto missing = [](const std::string& file, const Words& words) {
    const std::string text = messages::text_of(kSyntaxes + file);
    Words lacking;
    for (const std::string& word : words) {
      if (!foreign_word(word).word.empty()) continue;
      if (!std::regex_search(text, std::regex("[(|)]" + word + "[)|(]"))) lacking.insert(word);
    }
    return lacking;
  };
  Words words;
  for (const char* file : {"parser", "item_parser", "expression_parser"})
    words.merge(words_in(fmt::format("frontend/lin/{}.cpp", file),
                         R"re((?:word|text) [!=]= "([a-z]+)")re"));
  EXPECT_GE(words.size(), 15U);
  EXPECT_EQ(missing("linnet.tmLanguage.json", words), Words());
  EXPECT_EQ(missing("linnet.tmLanguage.json", {"no_such_word"}), Words({"no_such_word"}));
  EXPECT_EQ(missing("lir.tmLanguage.json", words_in("ir/read.cpp", R"re(_word\("([a-z]+)"\))re")),
            Words());
}

}  // namespace
}  // namespace linnet::frontend
