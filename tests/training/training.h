// The command in tests that train.
#pragma once

#include "tests/cli/command.h"
#include "tests/training/weights_file.h"

#include <sstream>
#include <string>
#include <vector>

namespace linnet {

// Of several calls for one model the first compiles it; the others take it from a cache, as a
// user's would.
class Training : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    setenv("XDG_CACHE_HOME", (folder_ + "/cache").c_str(), 1);
  }
  std::vector<double> weights(const std::string& file, const std::string& name) const {
    return weights_in(folder_ + "/" + file, name);
  }
  // Of --log-steps.
  std::vector<double> losses(const std::string& file) const {
    std::istringstream in(text(file));
    std::vector<double> values;
    std::string line;
    for (std::getline(in, line); std::getline(in, line);)
      values.push_back(std::strtod(line.c_str() + line.find(',') + 1, nullptr));
    return values;
  }
};

}  // namespace linnet
