// UTF-8, JSON strings, paths and the shortest decimal.
#include "base/text.h"

#include "base/shortest.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <limits>

namespace linnet {
namespace {

TEST(Utf8, TheFirstBadByteIsFound) {
  EXPECT_EQ(invalid_utf8("plain é 漢 😀"), std::nullopt);
  EXPECT_EQ(invalid_utf8("ab\xff"), 2u);
  EXPECT_EQ(invalid_utf8("\xc0\x80"), 0u);                // overlong
  EXPECT_EQ(invalid_utf8("\xe0\x9f\xbf"), 0u);            // overlong
  EXPECT_EQ(invalid_utf8("\xf0\x8f\xbf\xbf"), 0u);        // overlong
  EXPECT_EQ(invalid_utf8("\xed\xa0\x80"), 0u);            // a surrogate
  EXPECT_EQ(invalid_utf8("\xf4\x90\x80\x80"), 0u);        // past the last
  EXPECT_EQ(invalid_utf8("x\xe6\xbc"), 1u);               // cut off
  EXPECT_EQ(invalid_utf8("\xef\xbf\xbd"), std::nullopt);  // U+FFFD itself is valid
}

TEST(Utf8, EveryCodePointReadsBack) {
  for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x3000 ? 1 : 0x3d) {
    if (c >= 0xd800 && c < 0xe000) continue;
    std::string text = "x";
    append_utf8(text, c);
    const CodePoint point = code_point(text, 1);
    ASSERT_EQ(point.value, c);
    ASSERT_EQ(point.length, text.size() - 1);
    ASSERT_TRUE(point.valid());
  }
}

TEST(Json, StringsAreEscapedAndBadBytesReplaced) {
  EXPECT_EQ(json_escaped("a\"b\\c"), "a\\\"b\\\\c");
  EXPECT_EQ(json_escaped("tab\tline\n\x01"), "tab\\tline\\n\\u0001");
  EXPECT_EQ(json_escaped("漢\xff!"), "漢\xEF\xBF\xBD!");
}

TEST(Paths, PartsPutTogetherAreThePath) {
  for (const std::string path : {"a/b/net.onnx", "net.onnx", "/net", "a/", "", "/"})
    EXPECT_EQ(std::string(folder_prefix(path)) + std::string(file_name(path)), path);
  EXPECT_EQ(file_name("a/b.c/net"), "net");
  EXPECT_EQ(folder_prefix("net.lin"), "");
  EXPECT_EQ(folder_of("net.lin"), ".");
  EXPECT_EQ(folder_of("/net.lin"), "/");
  EXPECT_EQ(folder_of("a/b/net.lin"), "a/b");
  EXPECT_EQ(without_suffix("net.v2.onnx", ".onnx"), "net.v2");
  EXPECT_EQ(without_suffix("net.lin", ".onnx"), "net.lin");
  EXPECT_EQ(without_suffix("x", "longer"), "x");
}

TEST(Shortest, WritesAsPeopleDo) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(0.1f), "0.1");
  EXPECT_EQ(shortest(static_cast<double>(0.1f)), "0.10000000149011612");
  EXPECT_EQ(shortest(100000.0), "100000");
  EXPECT_EQ(shortest(1e16), "1e+16");
  EXPECT_EQ(shortest(0.0001), "0.0001");
  EXPECT_EQ(shortest(0.00001), "1e-05");
  EXPECT_EQ(shortest(0.0), "0");
  EXPECT_EQ(shortest(-0.0), "-0");
  EXPECT_EQ(shortest(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(shortest(-std::numeric_limits<float>::infinity()), "-inf");
  EXPECT_EQ(shortest(-std::numeric_limits<double>::quiet_NaN()), "nan");
}

// fmt 9 to 12 write doubles this way, and f32 with an exponent from 1e7 or 1e16 on, by version:
// texts of linnet do not depend on which is installed.
TEST(Shortest, AgreesWithFmtAndReadsBack) {
  uint64_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double wide = i % 2 ? std::bit_cast<double>(state)
                              : std::ldexp(static_cast<double>(state >> 44), i % 40 - 20);
    if (std::isnan(wide)) continue;
    ASSERT_EQ(shortest(wide), fmt::format("{}", wide));
    ASSERT_EQ(std::strtod(shortest(wide).c_str(), nullptr), wide);
    const auto narrow = std::bit_cast<float>(static_cast<uint32_t>(state >> 32));
    if (!std::isnan(narrow)) {
      ASSERT_EQ(std::strtof(shortest(narrow).c_str(), nullptr), narrow);
      if (std::abs(narrow) < 1e6f) {
        ASSERT_EQ(shortest(narrow), fmt::format("{}", narrow));
      }
    }
  }
}

}  // namespace
}  // namespace linnet
