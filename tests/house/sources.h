// The files of the repository, as the house's tests see them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace linnet::house {

inline const std::filesystem::path kRoot = LINNET_SOURCE_DIR;

// The folders that hold sources, in the order of the pipeline, then what stands beside it.
inline const std::vector<std::string> kFolders = {
    "base",       "support", "runtime", "ir",       "frontend", "passes",  "codegen",
    "driver",     "cli",     "api",     "report",   "python",   "editors", "models",
    "benchmarks", "docs",    "cmake",   "examples", "tests"};

struct SourceFile {
  std::string path;  // relative to the root, with '/'
  std::vector<std::string> lines;
};

inline std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

// Every file under `folder` with one of the endings, in order of path.
inline std::vector<SourceFile> files_under(const std::string& folder,
                                           const std::vector<std::string>& endings) {
  std::vector<SourceFile> files;
  if (!std::filesystem::exists(kRoot / folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
    const std::string ending = entry.path().extension().string();
    if (!entry.is_regular_file() || std::ranges::find(endings, ending) == endings.end()) continue;
    files.push_back(
        {entry.path().lexically_relative(kRoot).generic_string(), read_lines(entry.path())});
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

}  // namespace linnet::house
