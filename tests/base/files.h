// Shared by the tests of runtime/: a folder per test, bytes from text, messages of failures.
#pragma once

#include "base/io/file.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace linnet {

// A folder that exists as long as the object.
class TestFolder {
public:
  TestFolder() {
    std::string pattern = testing::TempDir() + "/linnet_XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~TestFolder() {
    for (const std::string& name : names())
      unlink((path_ + "/" + name).c_str());
    rmdir(path_.c_str());
  }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::string> names() const {
    return list_folder(path_).value_or(std::vector<std::string>{});
  }

private:
  std::string path_;
};

inline std::vector<uint8_t> bytes_of_text(std::string_view text) {
  return {text.begin(), text.end()};
}

inline std::string text_of(const std::string& path) {
  const std::vector<uint8_t> bytes = read_file(path).value_or(std::vector<uint8_t>{});
  return {bytes.begin(), bytes.end()};
}

// The message of a failed Result; "" if it did not fail.
template <class T> std::string message(const Result<T>& result) {
  return result ? "" : result.error().message;
}

inline std::string data_path(const std::string& name) {
  return std::string(LINNET_SOURCE_DIR "/models/data/") + name;
}

}  // namespace linnet
