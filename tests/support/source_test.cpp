#include "support/source.h"

#include "support/check.h"

#include <gtest/gtest.h>

namespace linnet {
namespace {

TEST(Source, positions_count_from_one_in_display_columns) {
  SourceManager sources;
  uint32_t f = sources.add("a.lin", "ab\n\tx\r\n漢字y\ne\xcc\x81z");
  auto at = [&](uint32_t offset) {
    LineColumn p = sources.position(f, offset);
    return std::pair(p.line, p.column);
  };
  EXPECT_EQ(at(0), std::pair(1u, 1u));
  EXPECT_EQ(at(2), std::pair(1u, 3u));  // the line ending belongs to its line
  EXPECT_EQ(at(3), std::pair(2u, 1u));
  EXPECT_EQ(at(4), std::pair(2u, 9u));   // after a tab
  EXPECT_EQ(at(13), std::pair(3u, 5u));  // after two wide characters
  EXPECT_EQ(at(18), std::pair(4u, 2u));  // a combining accent takes no column
  EXPECT_EQ(at(1000), std::pair(4u, 3u));
}

TEST(Source, lines_come_without_their_ending) {
  SourceManager sources;
  uint32_t f = sources.add("a.lin", "one\r\ntwo\n\nlast");
  EXPECT_EQ(sources.line(f, 0), "one");
  EXPECT_EQ(sources.line(f, 6), "two");
  EXPECT_EQ(sources.line(f, 9), "");
  EXPECT_EQ(sources.line(f, 13), "last");
  EXPECT_EQ(sources.text({f, 5, 8}), "two");
  EXPECT_EQ(sources.text({f, 5, 4000}), "two\n\nlast");
}

TEST(Source, empty_file_has_a_first_line) {
  SourceManager sources;
  uint32_t f = sources.add("empty.lin", "");
  EXPECT_EQ(sources.position(f, 0).line, 1u);
  EXPECT_EQ(sources.line(f, 0), "");
}

TEST(Source, unknown_file_is_a_broken_invariant) {
  SourceManager sources;
  EXPECT_THROW((void)sources.text(0), InternalError);
}

}  // namespace
}  // namespace linnet
