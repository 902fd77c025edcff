// The command as a person runs it, in a folder of the test's own.
#pragma once

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/wait.h>

namespace linnet {

class Command : public testing::Test {
protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/linnet_cli_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    // No test reads or fills the user's cache; what is tested is compiling.
    setenv("XDG_CACHE_HOME", "/dev/null", 1);
  }
  void TearDown() override { std::system(("rm -rf '" + folder_ + "'").c_str()); }

  // Runs in the folder of the test, whatever folder the line goes to; $S is the source tree.
  int run(const std::string& line) {
    const std::string command = "cd '" + folder_ + "' && S='" LINNET_SOURCE_DIR "' && ( " + line +
                                " ) > out.txt 2> err.txt";
    const int status = std::system(command.c_str());
    out_ = text("out.txt");
    err_ = text("err.txt");
    EXPECT_TRUE(WIFEXITED(status)) << line;
    return WEXITSTATUS(status);
  }
  int linnet(const std::string& arguments) { return run(LINNET_COMMAND " " + arguments); }

  std::string text(const std::string& name) const {
    const auto bytes = read_file(folder_ + "/" + name);
    return bytes ? std::string(bytes->begin(), bytes->end()) : "";
  }
  bool exists(const std::string& name) const { return file_exists(folder_ + "/" + name); }
  void write(const std::string& name, std::string_view content) const {
    ASSERT_TRUE(write_file(folder_ + "/" + name, content));
  }

  std::string folder_, out_, err_;
};

}  // namespace linnet
