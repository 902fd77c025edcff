// --cache DIR as a person uses it.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

namespace linnet {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class CacheFlag : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    write("m.lin", "model m(x: f32[N, 3, 12, 12]) -> y: f32[N, 10] {\n"
                   "  layer conv = conv2d(8, kernel_size: 3)\n  layer fc = linear(10)\n"
                   "  x |> conv |> relu |> max_pool2d(2) |> flatten |> fc\n}\n");
  }
  // The object that `compile` makes with these flags.
  std::string object(const std::string& flags, const std::string& model = "m.lin") {
    EXPECT_EQ(
        linnet("compile " + model + " --target x86-64-v3 --emit obj --name m -o m.o " + flags), 0);
    EXPECT_EQ(err_, "warning: m is untrained: its parameters are initial values\n"
                    "help: --weights F.safetensors; linnet train makes such a file\n");
    return text("m.o");
  }
  std::vector<std::string> entries() {
    return list_folder(folder_ + "/cache").value_or(std::vector<std::string>{});
  }
};

TEST_F(CacheFlag, FillsAFolderAndReadsIt) {
  const std::string expected = object("");
  EXPECT_EQ(object("--cache cache"), expected);
  const auto filled = entries();
  EXPECT_GE(filled.size(), 2U);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(entries(), filled);
  write("n.lin", "model n(picture: f32[N, 3, 12, 12]) -> logits: f32[N, 10] {\n"
                 "  layer first = conv2d(8, kernel_size: 3)\n  layer last = linear(10)\n"
                 "  picture |> first |> relu |> max_pool2d(2) |> flatten |> last\n}\n");
  object("--cache cache", "n.lin");
  EXPECT_LE(entries().size(), filled.size() + 1) << "the same kernels; perhaps another object";
  EXPECT_EQ(linnet("compile m.lin --target x86-64-v4 --emit obj -o v4.o --cache cache"), 0);
  EXPECT_GE(entries().size(), 2 * filled.size());
}

TEST_F(CacheFlag, WhatIsDamagedIsMadeAgain) {
  const std::string expected = object("--cache cache");
  EXPECT_EQ(run("cp -r cache good && for f in cache/*; do truncate -s 100 $f; done"), 0);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(run("diff -r cache good"), 0) << out_;
  EXPECT_EQ(run("for f in cache/*; do printf x | dd of=$f bs=1 seek=1000 conv=notrunc; done"), 0);
  EXPECT_NE(run("diff -r cache good"), 0);
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(run("diff -r cache good"), 0) << out_;
}

TEST_F(CacheFlag, TwoProcessesFillItAtOnce) {
  const std::string expected = object("");
  const std::string compile =
      LINNET_COMMAND " compile m.lin --target x86-64-v3 --emit obj --name m --cache cache -o ";
  EXPECT_EQ(run("mkdir a b; " + compile + "a/m.o & first=$!; " + compile +
                "b/m.o; second=$?; wait $first && exit $second"),
            0);
  EXPECT_THAT(err_, testing::Not(HasSubstr("cache")));
  EXPECT_EQ(text("a/m.o"), expected);
  EXPECT_EQ(text("b/m.o"), expected);
  const auto filled = entries();
  EXPECT_EQ(object("--cache cache"), expected);
  EXPECT_EQ(entries(), filled);
  for (const std::string& name : filled)
    EXPECT_EQ(name.size(), 64U) << name;
}

TEST_F(CacheFlag, IsAnErrorOnlyWhereItCannotBeHad) {
  EXPECT_EQ(linnet("compile m.lin --emit obj --cache missing/cache"), 4);
  EXPECT_EQ(err_, "error: --cache missing/cache: cannot be made: No such file or directory\n");
  EXPECT_EQ(linnet("compile m.lin --emit obj --cache m.lin"), 4);
  EXPECT_THAT(err_, HasSubstr("--cache m.lin: is not a folder"));
  EXPECT_EQ(linnet("compile m.lin --emit obj -o m.o --cache /proc/self"), 0);
  EXPECT_THAT(err_, HasSubstr("warning: --cache /proc/self: cannot be written: "));
  EXPECT_TRUE(exists("m.o"));
}

TEST_F(CacheFlag, IsOnByDefaultInTheUsersFolder) {
  setenv("XDG_CACHE_HOME", (folder_ + "/home/cache").c_str(), 1);
  const std::string expected = object("--no-cache");
  EXPECT_FALSE(exists("home"));
  EXPECT_EQ(object(""), expected);
  const std::string own = folder_ + "/home/cache/linnet";
  const auto filled = list_folder(own);
  ASSERT_TRUE(filled);
  EXPECT_GE(filled->size(), 2U);
  struct stat status{};
  ASSERT_EQ(stat(own.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700U);
  EXPECT_EQ(object(""), expected);
  EXPECT_EQ(*list_folder(own), *filled);
  EXPECT_EQ(linnet("cache --json"), 0) << err_;
  const auto json = nlohmann::json::parse(out_);
  EXPECT_EQ(json["path"], own);
  EXPECT_EQ(json["entries"], filled->size());
  EXPECT_EQ(json["limit"], int64_t{1} << 30);
  EXPECT_EQ(linnet("cache"), 0);
  EXPECT_THAT(out_, HasSubstr(own + "\n" + std::to_string(filled->size()) + " entries, "));
  EXPECT_EQ(linnet("cache --clear"), 0);
  EXPECT_THAT(out_, HasSubstr("removed " + std::to_string(filled->size()) + " entries"));
  EXPECT_EQ(list_folder(own)->size(), 0U);
  EXPECT_EQ(linnet("compile m.lin --cache c --no-cache"), 2);
  unsetenv("XDG_CACHE_HOME");  // then it is in the home
  EXPECT_EQ(run("HOME=$PWD/h " LINNET_COMMAND " cache --json"), 0);
  EXPECT_THAT(nlohmann::json::parse(out_)["path"].get<std::string>(), EndsWith("/h/.cache/linnet"));
}

// Without a folder all goes on in silence; one that others could fill is not used, and said so.
TEST_F(CacheFlag, AnUnsafeOrUnwritableFolderIsNotUsed) {
  const std::string expected = object("");  // XDG_CACHE_HOME=/dev/null
  EXPECT_EQ(linnet("cache"), 4);
  EXPECT_THAT(err_, HasSubstr("there is no cache: /dev/null/linnet: cannot be written"));
  setenv("XDG_CACHE_HOME", (folder_ + "/x").c_str(), 1);
  const auto compiles_with_warning = [&](const std::string& why) {
    EXPECT_EQ(linnet("compile m.lin --target x86-64-v3 --emit obj --name m -o m.o"), 0);
    EXPECT_THAT(err_, HasSubstr("warning: no cache is used: " + folder_ + "/x/linnet: " + why +
                                "\nhelp: make it your own folder, or say --no-cache\n"));
    EXPECT_EQ(text("m.o"), expected);
  };
  ASSERT_EQ(run("mkdir -p x other && ln -s ../other x/linnet"), 0);
  compiles_with_warning("is a link, which is not followed");
  EXPECT_TRUE(list_folder(folder_ + "/other")->empty());
  ASSERT_EQ(run("rm x/linnet && mkdir x/linnet && chmod 777 x/linnet"), 0);
  compiles_with_warning("may be written by others, who would decide what code you run");
  if (geteuid() != 0) return;  // only root gives folders away
  ASSERT_EQ(run("chmod 700 x/linnet && chown 1 x/linnet"), 0);
  compiles_with_warning("belongs to another user");
}

TEST_F(CacheFlag, WhatWasUsedLongestAgoGoesFirst) {
  object("--cache cache");
  const auto all = entries();
  ASSERT_GE(all.size(), 2U);
  ASSERT_EQ(run("touch -d '2001-01-01' cache/*; touch -d '2000-01-01' cache/" + all[0]), 0);
  EXPECT_EQ(object("--cache cache"), object(""));  // a use makes it young, whatever its age was
  EXPECT_EQ(run("find cache -type f ! -newermt 2002-01-01 | wc -l"), 0);
  EXPECT_EQ(out_, "0\n");
  ASSERT_EQ(run("touch -d '2000-01-01' cache/" + all[0]), 0);
  // Room for all but one, and an entry of another model that needs it.
  ASSERT_EQ(run("cat cache/* | wc -c"), 0);
  const int64_t limit = std::stoll(out_) + 1000;
  write("n.lin", "model n(x: f32[N, 3]) -> y: f32[N, 3] { relu(x) }\n");
  setenv("LINNET_CACHE_LIMIT", std::to_string(limit).c_str(), 1);
  EXPECT_EQ(linnet("compile n.lin --emit obj -o n.o --cache cache"), 0);
  EXPECT_FALSE(exists("cache/" + all[0]));
  EXPECT_EQ(run("cat cache/* | wc -c"), 0);
  EXPECT_LE(std::stoll(out_), limit);
  setenv("LINNET_CACHE_LIMIT", "2M", 1);
  EXPECT_EQ(linnet("cache --cache cache --json"), 0);
  EXPECT_EQ(nlohmann::json::parse(out_)["limit"], 2 << 20);
  // No room at all: the answer is the same, and nothing is kept.
  setenv("LINNET_CACHE_LIMIT", "0", 1);
  object("--cache cache");
  unsetenv("LINNET_CACHE_LIMIT");
  write("n.lin", "model n(x: f32[N, 5]) -> y: f32[N, 5] { relu(x) }\n");
}

// Compilers that read, write and remove at once get what they would get alone.
TEST_F(CacheFlag, RemovingDisturbsNobody) {
  const std::string expected = object("");
  EXPECT_EQ(run("for i in 1 2 3 4; do mkdir $i; LINNET_CACHE_LIMIT=$((i * 3000)) " LINNET_COMMAND
                " compile m.lin --target x86-64-v3 --emit obj --name m --cache cache -o $i/m.o & "
                "done; for i in 1 2 3 4 5; do " LINNET_COMMAND " cache --cache cache --clear; "
                "done >/dev/null; wait; cmp 1/m.o 2/m.o && cmp 2/m.o 3/m.o && cmp 3/m.o 4/m.o"),
            0);
  EXPECT_THAT(err_, Not(HasSubstr("cache")));
  EXPECT_EQ(text("1/m.o"), expected);
}

TEST_F(CacheFlag, RunAndTrainersUseItToo) {
  EXPECT_EQ(run("printf 'model m(x: f32[N, 4]) -> y: f32[N, 1] { layer fc = linear(1); fc(x) }\n"
                "train m { loss: mse; optimizer: sgd(lr: 0.1); batch: 8; epochs: 1 }\n' > t.lin"),
            0);
  EXPECT_EQ(linnet("train t.lin --emit obj -o a.o"), 0) << err_;
  EXPECT_EQ(linnet("train t.lin --emit obj -o b.o --cache cache"), 0) << err_;
  EXPECT_FALSE(entries().empty());
  EXPECT_EQ(linnet("train t.lin --emit obj -o c.o --cache cache"), 0) << err_;
  EXPECT_EQ(run("cmp a.o b.o && cmp a.o c.o"), 0);
  const size_t before = entries().size();
  EXPECT_EQ(linnet("run t.lin --cache cache --input x=nothing.npy"), 1);
  EXPECT_GT(entries().size(), before);
}

}  // namespace
}  // namespace linnet
