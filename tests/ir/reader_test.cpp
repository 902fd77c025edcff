// One wrong text for every message of the reader and its scanner, each with the place it is said
// at, and a search of the sources for messages that no text gets.
#include "ir/read.h"

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linnet::ir {
namespace {

// "line:column: message" of a wrong text; "" if it reads.
std::string said(const std::string& text, const std::map<std::string, Tensor>& tensors = {}) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  if (read(sources.add("t.lir", text), tensors, diagnostics)) return "";
  const std::string whole = diagnostics.text();  // t.lir:1:5: error: …
  const size_t begin = whole.find(':') + 1;
  const size_t error = whole.find(" error: ");
  return whole.substr(begin, error - begin) + whole.substr(error + 7, whole.find('\n') - error - 7);
}

std::string module(const std::string& entries) {
  return "lir 1\nmodule m\n" + entries + "\n";
}
std::string graph(const std::string& body) {
  return module("graph @g(%x: f32[2,3]) {\n" + body + "\n}");
}

struct Wrong {
  std::string text, message;
};

const std::vector<Wrong>& wrong_texts() {
  static const std::vector<Wrong> kWrong = {
      {"lir 2", "1:5: this linnet reads `lir 1`"},
      {"lir 1 modul m", "1:7: expected `module`"},
      {"lir x", "1:5: expected a number"},
      {"lir 1.5", "1:5: expected an integer"},
      {"lir 99999999999999999999", "1:5: this integer does not fit 64 bits"},
      {module("grph @g() { return }"),
       "3:1: expected `data`, `train`, `slot`, `kernel` or `graph`"},
      {module("graph %g() { return }"), "3:7: expected '@'"},
      {module("graph @() { return }"), "3:8: expected a name"},
      {module("slot weight @w: f32[2] = zeros()"),
       "3:6: expected param, buffer, optimizer, state or counter"},
      {module("data x = 3"), "3:10: expected a word"},
      {module("data x = image(labels: [1, \"a\"])"),
       "3:25: a list holds integers, numbers or strings"},
      {module("slot param @w: f33[2] = zeros()"), "3:16: 'f33' is no dtype"},
      {module("slot param @w: f32[1,1,1,1,1,1,1,1,1] = zeros()"), "3:37: at most 8 dimensions"},
      {module("slot param @w: f32[-2] = zeros()"), "3:16: [-2] is no legal shape"},
      {module("slot param @w: f32[2]{zz} = zeros()"), "3:16: '{zz}' is no layout of rank 1"},
      {module("slot param @w: f32[2]{c = zeros()"), "3:22: the layout does not end"},
      {module("slot param @w: f32[2] = uniform(a: 1e999)"), "3:36: this number is out of range"},
      {module("slot param @w: f32[2] = zeros() value [1]"), "3:39: f32[2] has 2 elements, 1 given"},
      {module("slot param @w: f32[2] = zeros() value [1, a]"), "3:44: expected a number"},
      {module("data x = classes(labels: [\"a])"), "3:27: the string does not end"},
      {module("data x = classes(labels: [\"\\xg0\"])"), "3:28: expected \\xHH"},
      {graph("%y: f32[2,3] in heap+0 = relu(%x) return %y"), "4:17: 'heap' is no memory"},
      {graph("%x: f32[2,3] = relu(%x) return %x"), "4:2: %x is defined twice"},
      {graph("return %y"), "4:9: %y is not defined"},
      {graph("%y: f32[2,3] = rellu(%x)"), "4:16: no op 'rellu'; did you mean 'relu'?"},
      {graph("%y: f32[2,4] = relu(%x) return %y"), "4:1: relu gives f32[2,3]"},
      {graph("%y: f32[2,3] = matmul(%x, %x) return %y"),
       "4:1: matmul: [2,3] times [2,3]: inner sizes 3 and 2 differ"},
      {graph("%y: f32[2,3] = softmax(%x) {dimm = 1} return %y"),
       "4:28: softmax has no setting 'dimm'"},
      {graph("%y: f32[2] = constant @w return %y"),
       "4:24: the tensor 'w' is missing, for no file of this one's name + .safetensors lies beside "
       "it; copy that too"},
  };
  return kWrong;
}

TEST(Reader, SaysWhatIsWrongAndWhere) {
  for (const Wrong& wrong : wrong_texts())
    EXPECT_EQ(said(wrong.text), wrong.message) << wrong.text;
}

TEST(Reader, TensorsBesideTheTextHaveItsTypes) {
  const std::map<std::string, Tensor> tensors = {{"v", Tensor::splat({DType::kF32, {2}, {}}, 1)},
                                                 {"w", Tensor::splat({DType::kF64, {2}, {}}, 1)}};
  const std::string begin = "%y: f32[2] = constant @";
  EXPECT_EQ(said(graph(begin + "v return %y"), tensors), "");
  EXPECT_EQ(said(graph(begin + "w return %y"), tensors), "4:24: 'w' is f64[2], not f32[2]");
  EXPECT_EQ(said(graph(begin + "u return %y"), tensors),
            "4:24: the safetensors file beside this one has no tensor 'u'");
}

TEST(Reader, GroupsAreNestedSoDeepAndNoDeeper) {
  std::string body = "%y: f32[1] = neg(%x) return %y";
  const auto nested = [&](int depth) {
    std::string text = body;
    for (int i = 0; i < depth; ++i)
      text = "%y: f32[1] = group(%x) { (%x: f32[1]): " + text + " }\nreturn %y";
    return module("graph @g(%x: f32[1]) { " + text + " }");
  };
  EXPECT_EQ(said(nested(16)), "");
  const std::string message = said(nested(17));
  EXPECT_NE(message.find("groups are nested too deeply"), std::string::npos) << message;
}

// What stands between `fail(` and its bracket's end, as the fixed pieces of its literals.
TEST(Reader, EveryMessageHasAWrongText) {
  std::string all;
  for (const Wrong& wrong : wrong_texts())
    all += wrong.message + "\n";
  // Said by the two tests above.
  all += "the safetensors file beside this one has no tensor 'u'\n'w' is f64[2], not f32[2]\n"
         "groups are nested too deeply\n";
  size_t messages = 0;
  for (const char* file : {"read.cpp", "text_scanner.cpp"}) {
    const auto bytes = read_file(std::string(LINNET_SOURCE_DIR) + "/ir/" + file);
    ASSERT_TRUE(bytes.has_value());
    const std::string source(bytes->begin(), bytes->end());
    for (size_t at = source.find("fail("); at != std::string::npos; at = source.find("fail(", at)) {
      const size_t end = source.find(';', at);
      const std::string call = source.substr(at, end - at);
      at = end;
      for (size_t quote = call.find('"'); quote != std::string::npos;) {
        size_t close = quote + 1;
        while (call[close] != '"')
          close += call[close] == '\\' ? 2 : 1;
        std::string literal = call.substr(quote + 1, close - quote - 1);
        quote = call.find('"', close + 1);
        if (literal.find(' ') == std::string::npos) continue;
        ++messages;
        // The longest piece between the places of the format.
        std::string longest;
        for (size_t from = 0; from <= literal.size();) {
          const size_t to = std::min(literal.find('{', from), literal.size());
          if (to - from > longest.size()) longest = literal.substr(from, to - from);
          from = std::max(literal.find('}', to), to) + 1;
          if (literal.find('}', to) == std::string::npos) break;
        }
        for (size_t slash = longest.find("\\\\"); slash != std::string::npos;
             slash = longest.find("\\\\", slash + 1))
          longest.erase(slash, 1);
        EXPECT_NE(all.find(longest), std::string::npos) << file << ": no text gets: " << literal;
      }
    }
  }
  EXPECT_GT(messages, 25U) << "the sources were not read";
}

}  // namespace
}  // namespace linnet::ir
