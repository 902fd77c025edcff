// linnet new: what it prints works as it stands, and what it makes learns.
#include "tests/training/training.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

namespace linnet {
namespace {

using testing::HasSubstr;

class Templates : public Training {
protected:
  // The commands under "next:", with this build's linnet.
  std::vector<std::string> next() const {
    std::vector<std::string> commands;
    std::istringstream in(out_.substr(out_.find("next:\n") + 6));
    for (std::string line; std::getline(in, line);) {
      line = line.substr(2);
      commands.push_back(line.starts_with("linnet ") ? LINNET_COMMAND + line.substr(6) : line);
    }
    return commands;
  }
  double after(const std::string& word) const {
    return std::atof(out_.c_str() + out_.find(word) + word.size());
  }
};

TEST_F(Templates, TellTrainCompileRunAndAllThreeWork) {
  for (const std::string kind : {"series", "table"}) {
    ASSERT_EQ(linnet("new " + kind + " 'my " + kind + "'"), 0) << err_;
    const auto commands = next();
    ASSERT_EQ(commands.size(), 3u) << out_;
    EXPECT_THAT(commands[0], HasSubstr(" train "));
    EXPECT_THAT(commands[1], HasSubstr(" compile "));
    ASSERT_EQ(run(commands[0]), 0) << err_;
    if (kind == "table") {
      EXPECT_GE(after("accuracy "), 90) << out_;  // the commonest class: 35 %
    } else {
      EXPECT_LT(after("validation  loss "), 0.01) << out_;  // the last value: 0.034
    }
    ASSERT_EQ(run(commands[1]), 0) << err_;
    EXPECT_EQ(err_, "");
    ASSERT_EQ(run(commands[2]), 0) << err_;
    EXPECT_THAT(out_, HasSubstr(kind == "series" ? "\n131  " : "1  small "));
  }
}

TEST_F(Templates, DigitsAreRead) {
  ASSERT_EQ(linnet("new digits d"), 0) << err_;
  ASSERT_EQ(linnet("train d/model.lin --data $S/models/data/digits --quiet --seed 1"), 0) << err_;
  EXPECT_GE(after("\ntest        loss 0.0322  accuracy ") + after("\ntest "), 0) << out_;
  const size_t test = out_.find("\ntest ");
  ASSERT_NE(test, std::string::npos);
  EXPECT_GE(std::atof(out_.c_str() + out_.find("accuracy ", test) + 9), 97) << out_;
}

TEST_F(Templates, CompilingWithoutWeightsWarns) {
  write("m.lin", "model m(x: f32[N, 4]) -> y: f32[N, 1] {\n  layer fc = linear(1)\n  fc(x)\n}\n");
  for (const char* emit : {"exe", "lib"}) {
    ASSERT_EQ(linnet(std::string("compile m.lin --emit ") + emit), 0) << err_;
    EXPECT_EQ(err_, "warning: m is untrained: its parameters are initial values\n"
                    "help: --weights F.safetensors; linnet train makes such a file\n");
  }
  ASSERT_EQ(linnet("init m.lin -o w.safetensors"), 0) << err_;
  ASSERT_EQ(linnet("compile m.lin --weights w.safetensors"), 0) << err_;
  EXPECT_EQ(err_, "");
}

}  // namespace
}  // namespace linnet
