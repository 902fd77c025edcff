#include "ir/print.h"
#include "ir/read.h"
#include "ir/verify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace linnet::ir {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The message of reading a wrong text, or "" if it reads.
std::string message(const std::string& text) {
  SourceManager sources;
  const uint32_t file = sources.add("t.lir", text);
  Diagnostics diagnostics(sources);
  if (read(file, {}, diagnostics)) return "";
  return diagnostics.all().front().message;
}

std::string in_graph(const std::string& body) {
  return "lir 1\nmodule m\ngraph @predict(%x: f32[2,3]) {\n" + body + "\n}\n";
}

TEST(Text, ReadsBackToTheSameText) {
  const std::string text = slurp(LINNET_SOURCE_DIR "/tests/ir/lenet_head.lir");
  SourceManager sources;
  const uint32_t file = sources.add("lenet_head.lir", text);
  Diagnostics diagnostics(sources);
  const auto module = read(file, {}, diagnostics);
  ASSERT_TRUE(module) << diagnostics.text();
  EXPECT_EQ(print(*module).text, text);
  EXPECT_EQ(verify(*module).value_or(""), "");
}

TEST(Text, WrongTextsAreLocated) {
  EXPECT_EQ(message("lir 2\n"), "this linnet reads `lir 1`");
  EXPECT_EQ(message(in_graph("return %y")), "%y is not defined");
  EXPECT_EQ(message(in_graph("%y: f32[2,3] = rellu(%x)\nreturn %y")),
            "no op 'rellu'; did you mean 'relu'?");
  EXPECT_EQ(message(in_graph("%y: f32[2,4] = relu(%x)\nreturn %y")), "relu gives f32[2,3]");
  EXPECT_EQ(message(in_graph("%x: f32[2,3] = relu(%x)\nreturn %x")), "%x is defined twice");
  EXPECT_EQ(message(in_graph("%c: f32[3] = constant [1, 2]\nreturn %c")),
            "f32[3] has 3 elements, 2 given");
  EXPECT_EQ(message(in_graph("%c: f32[99999999999,99999999999] = relu(%x)\nreturn %c")),
            "[99999999999,99999999999] is no legal shape");
  EXPECT_EQ(message(in_graph("%c: f32[2,3]{zz} = relu(%x)\nreturn %c")),
            "'{zz}' is no layout of rank 2");
  EXPECT_EQ(message(in_graph("return \"%x")), "the string does not end");
  EXPECT_EQ(message(in_graph("%c: f32[2,3] = constant @\"w\"\nreturn %c")),
            "the tensor 'w' is missing, for no file of this one's name + .safetensors lies beside "
            "it; copy that too");
}

}  // namespace
}  // namespace linnet::ir
