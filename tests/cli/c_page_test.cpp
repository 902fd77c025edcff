// docs/c.md: its example compiles and runs, and it names what the headers define and declare.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace linnet {
namespace {

using testing::HasSubstr;

std::string page() {
  const auto bytes = read_file(std::string(LINNET_SOURCE_DIR) + "/docs/c.md");
  return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

TEST_F(Command, TheExampleOfTheCPageRuns) {
  const std::string text = page();
  const size_t begin = text.find("```c\n");
  ASSERT_NE(begin, std::string::npos);
  write("example.c", text.substr(begin + 5, text.find("\n```", begin) - begin - 4));
  ASSERT_EQ(linnet("compile $S/models/latent_ar.lin --emit lib"), 0) << err_;
  ASSERT_EQ(run("cc -std=c11 -Wall -Wextra -Werror -pedantic example.c liblatent_ar.a -o example "
                "&& ./example | wc -l"),
            0)
      << err_;
  EXPECT_EQ(out_, "3\n");
}

TEST_F(Command, TheCPageNamesAllThatHeadersHave) {
  const std::string text = page();
  const auto names = [&](const std::string& model, const std::string& prefix,
                         const std::string& options = "") {
    ASSERT_EQ(linnet("compile $S/models/" + model + ".lin --emit lib" + options), 0) << err_;
    const std::string header = this->text(model + ".h");
    const std::regex pattern("(?:#define " + prefix + "_|(?:int|void) " + model + "_)(\\w+)");
    int found = 0;
    for (std::sregex_iterator at(header.begin(), header.end(), pattern), end; at != end; ++at) {
      const std::string name = std::regex_replace(
          (*at)[1].str(), std::regex("^(?:IMAGE|HISTORY|FORECAST)_(?=MEAN|STD|SCALE)"), "");
      EXPECT_THAT(text, HasSubstr("_" + name)) << model;
      ++found;
    }
    EXPECT_GT(found, 10);
  };
  names("lenet", "LENET");
  names("ar", "AR");
  names("mlp", "MLP", " --threads 2");
}

}  // namespace
}  // namespace linnet
