// Files that are read in parts: what is asked for, and what happens when they change meanwhile.
#include "base/io/data_file.h"

#include "tests/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

namespace linnet {
namespace {

using testing::HasSubstr;

std::string part(const DataFile& file, int64_t at, size_t bytes) {
  std::vector<uint8_t> to(bytes);
  const auto done = file.read(at, to);
  return done ? std::string(to.begin(), to.end()) : done.error().message;
}

TEST(DataFile, ReadsByOffset) {
  const TestFolder folder;
  const std::string path = folder / "f";
  ASSERT_TRUE(write_file(path, "0123456789"));
  const auto file = DataFile::open(path);
  ASSERT_TRUE(file) << message(file);
  EXPECT_EQ(file->size(), 10);
  EXPECT_EQ(part(*file, 3, 4), "3456");
  EXPECT_EQ(part(*file, 10, 0), "");
  EXPECT_THAT(part(*file, 8, 4), HasSubstr("f: ends after 10 bytes"));
  EXPECT_EQ(file->head(64)->size(), 10u);
  EXPECT_EQ(file->head(3)->size(), 3u);
  EXPECT_TRUE(file->check_unchanged());
  EXPECT_THAT(message(DataFile::open(folder / "none")), HasSubstr("none: No such file"));
  EXPECT_THAT(message(DataFile::open(folder.path())), HasSubstr("is a folder"));
}

TEST(DataFile, SaysWhenItWasChanged) {
  const TestFolder folder;
  const std::string path = folder / "f";
  ASSERT_TRUE(write_file(path, "0123456789"));
  const auto file = DataFile::open(path);
  ASSERT_TRUE(file);
  ASSERT_EQ(truncate(path.c_str(), 5), 0);
  EXPECT_THAT(part(*file, 4, 3),
              HasSubstr("f: was changed while it was in use: it had 10 bytes and "
                        "has 5; begin again"));
  // Of the same size, but written to.
  ASSERT_EQ(truncate(path.c_str(), 10), 0);
  const timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_THAT(message(file->check_unchanged()), HasSubstr("f: was written to while it was in use"));
  // A file put in its place is another one: this is the old one still.
  const auto again = DataFile::open(path);
  ASSERT_TRUE(again);
  ASSERT_TRUE(write_file(path, "new"));
  EXPECT_TRUE(again->check_unchanged());
  EXPECT_EQ(part(*again, 0, 4), "0123");
}

TEST(DataFile, APipeIsReadWhole) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] {
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(write(file, "abcdef", 6), 6);
    close(file);
  });
  const auto file = DataFile::open(path);
  writer.join();
  ASSERT_TRUE(file) << message(file);
  EXPECT_EQ(part(*file, 2, 3), "cde");
  EXPECT_THAT(part(*file, 4, 3), HasSubstr("ends after 6 bytes"));
  EXPECT_TRUE(file->check_unchanged());
}

}  // namespace
}  // namespace linnet
