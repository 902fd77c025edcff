// A folder that lasts as long as its object, for tools that read and write files.
#pragma once

#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace linnet::codegen {

class WorkFolder {
public:
  WorkFolder() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base && *base ? base : "/tmp") + "/linnet.XXXXXX";
    ok_ = mkdtemp(path_.data()) != nullptr;
  }
  ~WorkFolder() {
    for (const std::string& name : names_)
      unlink(name.c_str());
    if (ok_) rmdir(path_.c_str());
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  std::string file(const std::string& name) {
    names_.push_back(path_ + "/" + name);
    return names_.back();
  }

private:
  std::string path_;
  bool ok_ = false;
  std::vector<std::string> names_;
};

}  // namespace linnet::codegen
