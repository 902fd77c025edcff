// Files stay short, headers are guarded, sources say what they are.
#include "tests/house/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace linnet::house {
namespace {

constexpr size_t kMostLines = 600;
constexpr size_t kMostSourceLines = 450;  // of what is not a test

std::vector<SourceFile> all_sources() {
  std::vector<SourceFile> files;
  for (const std::string& folder : kFolders) {
    for (SourceFile& file :
         files_under(folder, {".h", ".cpp", ".c", ".cmake", ".sh", ".py", ".lin"}))
      files.push_back(std::move(file));
  }
  return files;
}

TEST(Files, NoneIsLong) {
  std::vector<std::string> wrong;
  const auto files = all_sources();
  for (const SourceFile& file : files) {
    const bool test = file.path.starts_with("tests/") || file.path.starts_with("benchmarks/");
    if (file.lines.size() > (test ? kMostLines : kMostSourceLines))
      wrong.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
  }
  EXPECT_FALSE(files.empty());
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// A header opens with its purpose and is read once.
TEST(Files, HeadersBeginWithAPurposeAndPragmaOnce) {
  std::vector<std::string> wrong;
  for (const SourceFile& file : all_sources()) {
    if (!file.path.ends_with(".h") || file.path.starts_with("examples/")) continue;
    const bool purpose = !file.lines.empty() &&
                         (file.lines[0].starts_with("// ") || file.lines[0].starts_with("/* "));
    const bool once = std::ranges::find(file.lines, "#pragma once") != file.lines.end() ||
                      std::ranges::any_of(file.lines, [](const std::string& line) {
                        return line.starts_with("#ifndef");
                      });
    if (!purpose || !once) wrong.push_back(file.path);
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// The kernel of each LINNET_KERNEL_OP is the file of its name; a missing one does not link.
TEST(Files, OnlyOpsOfTheListHaveAKernelFile) {
  std::vector<std::string> listed, found;
  const std::regex line("LINNET_KERNEL_OP\\((\\w+)\\)");
  for (const std::string& text : read_lines(kRoot / "ir/ops.def")) {
    if (std::smatch match; std::regex_match(text, match, line))
      listed.push_back("codegen/lower/kernels/ops/" + match[1].str() + ".cpp");
  }
  for (const SourceFile& file : files_under("codegen/lower/kernels/ops", {".cpp"}))
    found.push_back(file.path);
  EXPECT_THAT(found, testing::UnorderedElementsAreArray(listed));
}

// What an op is in a training step, its record says.
TEST(Files, EnterTrainingKnowsNoOpByName) {
  for (const std::string& text : read_lines(kRoot / "passes/enter_training.cpp"))
    EXPECT_EQ(text.find("ops::"), std::string::npos) << text;
}

// A source opens with a line that says what it is: the header says what others may ask of it.
TEST(Files, SourcesOpenWithWhatTheyAre) {
  std::vector<std::string> wrong;
  size_t seen = 0;
  for (const char* folder :
       {"base", "support", "ir", "frontend", "passes", "codegen", "driver", "cli", "runtime"}) {
    for (const SourceFile& file : files_under(folder, {".cpp"})) {
      ++seen;
      const std::string first = file.lines.empty() ? "" : file.lines[0];
      const std::string name = std::filesystem::path(file.path).filename().string();
      const bool says =
          first.starts_with("// ") && first.size() > 20 && first.find(name) == std::string::npos;
      if (!says) wrong.push_back(file.path + ": " + first);
    }
  }
  EXPECT_GT(seen, 200u);
  EXPECT_THAT(wrong, testing::IsEmpty());
}

TEST(Files, NamesAreSnakeCase) {
  std::vector<std::string> wrong;
  for (const std::string& folder : kFolders) {
    for (const SourceFile& file : files_under(folder, {".h", ".cpp", ".c", ".lin", ".lir"})) {
      if (file.path.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ") != std::string::npos)
        wrong.push_back(file.path);
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// One pass, one file of its name, and no other file beside them but the table and its comments.
std::vector<std::string> not_rows(const std::vector<std::string>& files,
                                  const std::vector<std::string>& pipeline) {
  static const std::regex row(R"(\s*LINNET_PASS\(\w+, (\w+),.*)");
  std::vector<std::string> expected = {"pipeline.cpp", "passes.h", "README.md"};
  std::smatch match;
  for (const std::string& line : pipeline) {
    if (std::regex_match(line, match, row)) expected.push_back(match[1].str() + ".cpp");
  }
  std::vector<std::string> wrong;
  for (const std::string& file : files) {
    if (std::ranges::find(expected, file) == expected.end()) wrong.push_back(file + " is no pass");
  }
  for (const std::string& file : expected) {
    if (std::ranges::find(files, file) == files.end()) wrong.push_back("there is no " + file);
  }
  return wrong;
}

TEST(Files, PassesAreTheRowsOfThePipeline) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "passes")) {
    if (entry.is_regular_file()) files.push_back(entry.path().filename().string());
  }
  EXPECT_GT(files.size(), 20u);
  EXPECT_THAT(not_rows(files, read_lines(kRoot / "passes/pipeline.cpp")), testing::IsEmpty());
}
TEST(Files, AHelperAmongThePassesIsNoticed) {
  const std::vector<std::string> pipeline = {
      "#define LINNET_PASS(phase, name, summary, ...) \\",
      "    LINNET_PASS(kFused, fuse_pool, \"a pool joins\", {fuse_epilogue}),"};
  const std::vector<std::string> files = {"README.md", "fuse_pool.cpp", "passes.h", "pipeline.cpp"};
  EXPECT_THAT(not_rows(files, pipeline), testing::IsEmpty());
  auto more = files;
  more.push_back("graphs.cpp");
  EXPECT_THAT(not_rows(more, pipeline), testing::ElementsAre("graphs.cpp is no pass"));
  more = files;
  more.erase(more.begin() + 1);
  EXPECT_THAT(not_rows(more, pipeline), testing::ElementsAre("there is no fuse_pool.cpp"));
}

// A picture that a program drew says which file it read: one of the repository, or by name alone.
TEST(Files, PicturesNameNoPathOfAMachine) {
  std::vector<std::string> wrong;
  const auto pictures = files_under("docs", {".svg"});
  for (const SourceFile& file : pictures) {
    for (const std::string& line : file.lines) {
      if (std::regex_search(line, std::regex("[ >\"'](/tmp|/home|/root|/var)/")))
        wrong.push_back(file.path + ": " + line.substr(0, 120));
    }
  }
  EXPECT_FALSE(pictures.empty());
  EXPECT_THAT(wrong, testing::IsEmpty());
}

// Unfinished work is an issue, not a comment.
TEST(Files, NothingIsLeftToDo) {
  std::vector<std::string> wrong;
  const std::vector<std::string> marks = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                          std::string("XX") + "X"};
  for (const SourceFile& file : all_sources()) {
    for (const std::string& line : file.lines) {
      for (const std::string& mark : marks) {
        // As a word: mkdtemp's pattern ends in six of them.
        if (std::regex_search(line, std::regex("\\b" + mark + "\\b")))
          wrong.push_back(file.path + ": " + line);
      }
    }
  }
  EXPECT_THAT(wrong, testing::IsEmpty());
}

}  // namespace
}  // namespace linnet::house
