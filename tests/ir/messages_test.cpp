// Wrong texts and what is said of them: tests/ir/messages/*.txt, of the reader, of verify and of
// the check of recipes; and a search of their sources for messages that no text gets.
// `LINNET_UPDATE_MESSAGES=1 build/tests/linnet_ir_test --gtest_filter='*Messages*'` writes them
// anew.
#include "ir/check_recipes.h"
#include "ir/read.h"
#include "ir/verify.h"

#include "tests/support/message_cases.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace linnet::ir {
namespace {

using messages::Case;

const std::string kFolder = std::string(LINNET_SOURCE_DIR) + "/tests/ir/messages/";

// A negation within so many groups.
std::string nested(int depth) {
  std::string text = "%y: f32[1] = neg(%x) return %y";
  for (int i = 0; i < depth; ++i)
    text = "%y: f32[1] = group(%x) { (%x: f32[1]): " + text + " }\nreturn %y";
  return "lir 1\nmodule m\ngraph @g(%x: f32[1]) { " + text + " }";
}

void add(Diagnostics& diagnostics, const Place& place, std::string message, std::string remedy) {
  Diagnostic diagnostic;
  diagnostic.place = place.diag();
  diagnostic.message = std::move(message);
  diagnostic.remedy = std::move(remedy);
  diagnostics.report(std::move(diagnostic));
}

// What a file with this text gets; `tensors` lie beside it.
std::string said_of(const std::string& text, const std::map<std::string, Tensor>& tensors) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const auto module = read(sources.add("t.lir", text), tensors, diagnostics);
  EXPECT_EQ(module.has_value(), !diagnostics.has_errors());
  if (!module) return diagnostics.text();
  Place where;
  if (const auto broken = verify(*module, &where)) {
    add(diagnostics, where, *broken, "");
  } else if (const auto fault = check_recipes(*module)) {
    add(diagnostics, fault->place, fault->message, fault->remedy);
  }
  return diagnostics.text();
}

class Messages : public testing::TestWithParam<std::string> {};

TEST_P(Messages, AreWhatTheCasesSay) {
  messages::expect_cases(GetParam(), [](const Case& test) {
    std::map<std::string, Tensor> beside;
    if (test.title.ends_with("--beside"))
      beside = {{"v", Tensor::splat({DType::kF32, {2}, {}}, 1)},
                {"w", Tensor::splat({DType::kF64, {2}, {}}, 1)}};
    return said_of(test.input == "%nested%\n" ? nested(17) : test.input, beside);
  });
}

INSTANTIATE_TEST_SUITE_P(Each, Messages, testing::ValuesIn(messages::files(kFolder, ".txt")),
                         [](const auto& info) { return messages::stem(info.param); });

TEST(Reader, TakesWhatIsAtItsBounds) {
  EXPECT_EQ(said_of(nested(16), {}), "");
  const std::string begin = "lir 1 module m graph @g(%x: f32[1]) { %y: ", end = " return y = %y }";
  for (const std::string constant :
       {"i8[2] = constant [-128, 127]", "u8[2] = constant [0, 255]",
        "i32[2] = constant [-2147483648, 2147483647]", "bool[2] = constant [0, 1]",
        "i64[2] = constant [-9223372036854775808, 9223372036854775807]",
        "f32[3] = constant [inf, -inf, nan]", "f32[0] = constant []", "f32[3] = constant splat(1)",
        "f32[1,1,1,1,1,1,1,1] = constant [1]"})
    EXPECT_EQ(said_of(begin + constant + end, {}), "") << constant;
  EXPECT_EQ(said_of(begin + "f32[2] = constant @v" + end,
                    {{"v", Tensor::splat({DType::kF32, {2}, {}}, 1)}}),
            "");
}

// What no text can be: a module that passes made.
const std::set<std::string> kNoTexts = {
    "{} is structural",
    "a list of numbers",  // no op has such an attribute
    "a list of strings",
    "inputs are not first",
    ": no place",
    ": operand used before its definition",
    ": results out of order",
    "no value",
    "no body",
    "no outputs",
    "wrong number of results",
    "attributes are not complete",
    "result {} is {}, the op gives {}",
    "the value has another type",
    "the value of slot @",
    " has another type",
    " has no size",
};

TEST(Messages, EachHasAWrongText) {
  const std::string ir = std::string(LINNET_SOURCE_DIR) + "/ir/";
  const messages::Search found =
      messages::search({ir + "read.cpp", ir + "text_scanner.cpp", ir + "verify.cpp",
                        ir + "check_recipes.cpp", ir + "op_def.cpp", ir + "builder.cpp"},
                       messages::expected_lines(kFolder), kNoTexts);
  EXPECT_EQ(found.missing, "") << "a message without a case in tests/ir/messages/";
  EXPECT_GT(found.messages, 70U) << "the sources were not read";
}

}  // namespace
}  // namespace linnet::ir
