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

}  // namespace
}  // namespace linnet::ir
