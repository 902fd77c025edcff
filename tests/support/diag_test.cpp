#include "support/diag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

struct Fixture : testing::Test {
  SourceManager sources;
  Diagnostics diags{sources};
};

TEST_F(Fixture, caret_note_and_help) {
  uint32_t f = sources.add("lenet.lin", "let a = 1\n\tlet b = conv(a)\n");
  diags.error({f, 19, 26}, "unknown block 'conv'")
      .note({f, 4, 5}, "'a' is declared here")
      .help("did you mean 'conv2d'?");
  EXPECT_EQ(diags.text(), "lenet.lin:2:17: error: unknown block 'conv'\n"
                          "   2 |         let b = conv(a)\n"
                          "     |                 ^~~~~~~\n"
                          "lenet.lin:1:5: note: 'a' is declared here\n"
                          "   1 | let a = 1\n"
                          "     |     ^\n"
                          "help: did you mean 'conv2d'?\n");
  EXPECT_TRUE(diags.has_errors());
  EXPECT_EQ(diags.status(), Status::kBadInput);
}

TEST_F(Fixture, control_and_invalid_bytes_are_shown_as_replacement_characters) {
  uint32_t f = sources.add("a.lin", std::string("a\0\x1b\xff b", 6));
  diags.error({f, 5, 6}, "here");
  EXPECT_EQ(diags.text(), "a.lin:1:6: error: here\n"
                          "   1 | a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd b\n"
                          "     |      ^\n");
}

TEST_F(Fixture, wide_characters_move_the_caret) {
  uint32_t f = sources.add("a.lin", "漢字 x");
  diags.error({f, 0, 6}, "wide");
  diags.error({f, 7, 8}, "after");
  EXPECT_EQ(diags.text(), "a.lin:1:1: error: wide\n"
                          "   1 | 漢字 x\n"
                          "     | ^~~~\n"
                          "a.lin:1:6: error: after\n"
                          "   1 | 漢字 x\n"
                          "     |      ^\n");
}

TEST_F(Fixture, long_lines_become_a_window) {
  uint32_t f = sources.add("a.lin", std::string(200000, '('));
  diags.error({f, 100000, 100001}, "deep");
  std::string text = diags.text();
  EXPECT_LT(text.size(), 600u);
  EXPECT_THAT(text, testing::HasSubstr("a.lin:1:100001: error: deep\n   1 | …((("));
}

TEST_F(Fixture, span_over_lines_is_underlined_on_the_first) {
  uint32_t f = sources.add("a.lin", "f(1,\n  2)\n");
  diags.error({f, 0, 9}, "call");
  EXPECT_EQ(diags.text(), "a.lin:1:1: error: call\n   1 | f(1,\n     | ^~~~\n");
}

TEST_F(Fixture, end_of_file) {
  uint32_t f = sources.add("a.lin", "x");
  diags.error({f, 1, 1}, "unexpected end");
  EXPECT_EQ(diags.text(), "a.lin:1:2: error: unexpected end\n   1 | x\n     |  ^\n");
}

TEST_F(Fixture, twenty_errors_then_a_count) {
  uint32_t f = sources.add("a.lin", std::string(100, 'x'));
  for (uint32_t i = 0; i < 30; ++i)
    diags.error({f, i, i + 1}, "bad").help("lost past the limit");
  EXPECT_EQ(diags.all().size(), Diagnostics::kMaxErrors);
  EXPECT_TRUE(diags.full());
  EXPECT_THAT(diags.text(), testing::EndsWith("… and 10 more errors not shown\n"));
}

TEST_F(Fixture, same_message_at_same_place_once) {
  uint32_t f = sources.add("a.lin", "xy");
  diags.error({f, 0, 1}, "bad");
  diags.error({f, 0, 1}, "bad");
  diags.error({f, 1, 2}, "bad");
  EXPECT_EQ(diags.all().size(), 2u);
}

TEST_F(Fixture, gravest_status_wins_and_warnings_do_not_count) {
  uint32_t f = sources.add("a.lin", "x");
  diags.warning({f, 0, 1}, "odd");
  EXPECT_EQ(diags.status(), Status::kDone);
  EXPECT_FALSE(diags.has_errors());
  Diagnostic onnx;
  onnx.place.name = "m.onnx: node 'c' (Conv)";
  onnx.message = "not supported";
  onnx.status = Status::kUnsupported;
  diags.report(onnx);
  diags.error({f, 0, 1}, "bad");
  EXPECT_EQ(diags.status(), Status::kUnsupported);
  EXPECT_THAT(diags.text(), testing::HasSubstr("m.onnx: node 'c' (Conv): error: not supported\n"));
}

TEST_F(Fixture, json_is_one_object_per_line) {
  uint32_t f = sources.add("a \"b\".lin", "let x = \xff");
  diags.error({f, 4, 5}, "name \xff").note({f, 0, 3}, "here").help("rename");
  diags.warning({f, 0, 3}, "unused");
  EXPECT_EQ(
      diags.json(),
      R"({"severity":"error","file":"a \"b\".lin","line":1,"column":5,"end_line":1,)"
      R"("end_column":6,"offset":4,"end_offset":5,"message":"name )"
      "\xef\xbf\xbd"
      R"(","help":"rename","notes":[{"severity":"note","file":"a \"b\".lin","line":1,)"
      R"("column":1,"end_line":1,"end_column":4,"offset":0,"end_offset":3,"message":"here"}]})"
      "\n"
      R"({"severity":"warning","file":"a \"b\".lin","line":1,"column":1,"end_line":1,)"
      R"("end_column":4,"offset":0,"end_offset":3,"message":"unused"})"
      "\n");
}

TEST_F(Fixture, colour_only_when_asked) {
  uint32_t f = sources.add("a.lin", "x");
  diags.error({f, 0, 1}, "bad");
  EXPECT_EQ(diags.text().find('\x1b'), std::string::npos);
  EXPECT_NE(diags.text(true).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace linnet
