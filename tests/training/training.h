// The command in tests that train.
#pragma once

#include "tests/cli/command.h"

namespace linnet {

// Of several calls for one model the first compiles it; the others take it from a cache, as a
// user's would.
class Training : public Command {
protected:
  void SetUp() override {
    Command::SetUp();
    setenv("XDG_CACHE_HOME", (folder_ + "/cache").c_str(), 1);
  }
};

}  // namespace linnet
