#include "tests/base/files.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

namespace linnet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(File, ReadsWhatWasWritten) {
  TestFolder folder;
  const std::string path = folder / "a.bin";
  ASSERT_TRUE(write_file(path, std::string_view("one\0two", 7)));
  EXPECT_EQ(text_of(path), std::string("one\0two", 7));
  EXPECT_THAT(folder.names(), ElementsAre("a.bin"));
}

TEST(File, ReadsAPipe) {
  const Result<std::vector<uint8_t>> version = read_file("/proc/version");  // size 0 by stat
  ASSERT_TRUE(version);
  EXPECT_GT(version->size(), 5u);
}

TEST(File, RefusesFoldersAbsentAndLongFiles) {
  TestFolder folder;
  EXPECT_THAT(message(read_file(folder.path())), HasSubstr("is a folder"));
  EXPECT_THAT(message(read_file(folder / "absent")), HasSubstr("No such file"));
  ASSERT_TRUE(write_file(folder / "four", std::string_view("1234")));
  EXPECT_TRUE(read_file(folder / "four", 4));
  EXPECT_THAT(message(read_file(folder / "four", 3)), HasSubstr("longer than 3 bytes"));
}

TEST(File, WithoutCommitTheOldFileStays) {
  TestFolder folder;
  const std::string path = folder / "kept";
  ASSERT_TRUE(write_file(path, std::string_view("old")));
  {
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(std::string_view("new")));
    EXPECT_EQ(folder.names().size(), 2u);
  }
  EXPECT_EQ(text_of(path), "old");
  EXPECT_THAT(folder.names(), ElementsAre("kept"));
}

// A disk that is full, played by a limit on file sizes.
TEST(File, AFullDiskLeavesNoLitter) {
  TestFolder folder;
  const std::string path = folder / "kept";
  ASSERT_TRUE(write_file(path, std::string_view("old")));
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const Result<void> result = write_file(path, std::string(5000, 'x'));
  setrlimit(RLIMIT_FSIZE, &before);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().status, Status::kMachine);
  EXPECT_EQ(text_of(path), "old");
  EXPECT_THAT(folder.names(), ElementsAre("kept"));
}

TEST(File, NowhereToWriteIsTheMachinesFault) {
  TestFolder folder;
  const Result<void> absent = write_file(folder / "no/such/folder", std::string_view("x"));
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().status, Status::kMachine);
  EXPECT_THAT(message(write_file(folder.path(), std::string_view("x"))), HasSubstr("is a folder"));
}

TEST(File, ModeAndLinks) {
  TestFolder folder;
  ASSERT_TRUE(write_file(folder / "run", std::string_view("x"), 0777));
  EXPECT_EQ(access((folder / "run").c_str(), X_OK), 0);
  ASSERT_EQ(symlink("run", (folder / "link").c_str()), 0);
  ASSERT_TRUE(write_file(folder / "link", std::string_view("y")));
  EXPECT_EQ(text_of(folder / "run"), "y");
  struct stat status{};
  ASSERT_EQ(lstat((folder / "link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST(File, DevicesAreWrittenDirectly) {
  EXPECT_TRUE(write_file("/dev/null", std::string_view("x")));
  const Result<void> full = write_file("/dev/full", std::string_view("x"));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().status, Status::kMachine);
}

}  // namespace
}  // namespace linnet
