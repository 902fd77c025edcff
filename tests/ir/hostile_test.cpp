// Text modules changed byte by byte are read or refused with a message, never a crash.
#include "ir/read.h"
#include "ir/verify.h"

#include "base/io/file.h"

#include <gtest/gtest.h>

namespace linnet::ir {
namespace {

TEST(Hostile, MutatedModulesAreReadOrRefused) {
  const auto bytes = read_file(LINNET_SOURCE_DIR "/tests/ir/lenet_head.lir");
  ASSERT_TRUE(bytes.has_value());
  const std::string text(bytes->begin(), bytes->end());
  int refused = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    for (char c : {'\0', '(', '}', '9', '\n', '-', '%', '"', '\xff'}) {
      std::string mutated = text;
      mutated[i] = c;
      SourceManager sources;
      Diagnostics diagnostics(sources);
      const auto module = read(sources.add("m.lir", mutated), {}, diagnostics);
      EXPECT_EQ(module.has_value(), !diagnostics.has_errors());
      if (module) (void)verify(*module);
      refused += module ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 1000);
}

TEST(Hostile, TruncatedAndDeepModules) {
  const auto bytes = read_file(LINNET_SOURCE_DIR "/tests/ir/lenet_head.lir");
  std::vector<std::string> texts = {"", "lir", "lir 2", "lir 1\nmodule", std::string(100000, '(')};
  for (size_t size = 0; size < bytes->size(); size += 7)
    texts.emplace_back(bytes->begin(), bytes->begin() + static_cast<std::ptrdiff_t>(size));
  for (const std::string& text : texts) {
    SourceManager sources;
    Diagnostics diagnostics(sources);
    const auto module = read(sources.add("m.lir", text), {}, diagnostics);
    EXPECT_TRUE(module.has_value() || diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace linnet::ir
