// What a person types and reads: tests/cli/transcripts/*.txt. `@ NAME` begins a file of the case,
// `$ …` is a command; expected is each command with what it prints and its status, if it is not 0.
// `LINNET_UPDATE_MESSAGES=1 build/tests/linnet_cli_test --gtest_filter='*Transcript*'` writes them
// anew. The sources of the command are searched for messages that nobody reads.
#include "tests/cli/command.h"
#include "tests/support/message_cases.h"

#include <gtest/gtest.h>

namespace linnet {
namespace {

using messages::Case;

const std::string kTranscripts = std::string(LINNET_SOURCE_DIR) + "/tests/cli/transcripts/";

class Transcripts : public Command, public testing::WithParamInterface<std::string> {
protected:
  // The case in a folder that is empty at first.
  std::string said_of(const Case& test) {
    run("rm -rf ./*");
    std::string said, name, content;
    const auto finish = [&] {
      if (!name.empty()) write(name, content);
      name.clear();
      content.clear();
    };
    for (const std::string& line : messages::lines_of(test.input)) {
      if (line.starts_with("@ ")) {
        finish();
        name = line.substr(2);
      } else if (line.starts_with("$ ")) {
        finish();
        said += line + "\n" + output_of(line.substr(2));
      } else {
        content += line + "\n";
      }
    }
    return said;
  }

private:
  // Both streams in the order of a terminal.
  std::string output_of(const std::string& line) {
    const int status =
        run("linnet() { " LINNET_COMMAND " \"$@\"; }; { " + line + "; } > both.txt 2>&1");
    std::string text = this->text("both.txt");
    const std::string source = LINNET_SOURCE_DIR;
    for (size_t at = text.find(source); at != std::string::npos; at = text.find(source, at))
      text.replace(at, source.size(), "$S");
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
    return status == 0 ? text : text + "[status " + std::to_string(status) + "]\n";
  }
};

TEST_P(Transcripts, AreWhatAPersonReads) {
  messages::expect_cases(GetParam(), [&](const Case& test) { return said_of(test); });
}

INSTANTIATE_TEST_SUITE_P(Each, Transcripts,
                         testing::ValuesIn(messages::files(kTranscripts, ".txt")),
                         [](const auto& info) { return messages::stem(info.param); });

// Not in a transcript: what only linnet's own faults and other machines get, and lists of commands
// and passes that are cut there.
const std::set<std::string> kNoTranscripts = {
    "internal error: {}",
    "this is a bug of linnet; please report it with the command and the model",
    "find the rewrite with --pass-limit=N",
    "this CPU lacks instructions of ",
    "leave --target out, or name one this machine has",
    "the system does not start {} threads",
    "give a smaller --threads",
    "no command '{}'; there are {}",
    "this linnet was built without the run-time for {}",  // products_test.cpp
    "install {} and build it again, or use --emit lib, which needs none",
    "no cache is used: ",  // the user's own: cache_test.cpp
    "make it your own folder, or say --no-cache",
    "an ONNX file is bytes, and standard output is a terminal",  // a transcript has none
    "-o F.onnx writes a file, -o - into a pipe",
};

TEST(Refusals, AreInATranscript) {
  const std::string source = std::string(LINNET_SOURCE_DIR) + "/";
  std::vector<std::string> sources = messages::files(source + "cli/", ".cpp");
  const std::vector<std::string> driver = messages::files(source + "driver/", ".cpp");
  sources.insert(sources.end(), driver.begin(), driver.end());
  const messages::Search found =
      messages::search(sources, messages::expected_lines(kTranscripts), kNoTranscripts, "error(");
  EXPECT_EQ(found.missing, "") << "a refusal that no transcript shows";
  EXPECT_GT(found.messages, 40U) << "the sources were not read";
}

}  // namespace
}  // namespace linnet
