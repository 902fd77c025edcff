// Keeps source texts by number and finds line and column of an offset.
#include "support/source.h"

#include "support/check.h"
#include "support/text.h"

#include <algorithm>

namespace linnet {

uint32_t SourceManager::add(std::string name, std::string text) {
  LINNET_CHECK(text.size() < kMaxSourceBytes, "source text of 2 GiB or more");
  File file{std::move(name), std::move(text), {0}};
  for (size_t i = 0; i < file.text.size(); ++i)
    if (file.text[i] == '\n') file.line_starts.push_back(static_cast<uint32_t>(i + 1));
  files_.push_back(std::move(file));
  return static_cast<uint32_t>(files_.size() - 1);
}

const SourceManager::File& SourceManager::file(uint32_t file) const {
  LINNET_CHECK(file < files_.size(), "a span of a file that was never added");
  return files_[file];
}

std::string_view SourceManager::name(uint32_t file) const {
  return this->file(file).name;
}

std::string_view SourceManager::text(uint32_t file) const {
  return this->file(file).text;
}

std::string_view SourceManager::text(Span span) const {
  std::string_view all = text(span.file);
  size_t begin = std::min<size_t>(span.begin, all.size());
  size_t end = std::clamp<size_t>(span.end, begin, all.size());
  return all.substr(begin, end - begin);
}

size_t SourceManager::line_index(const File& file, uint32_t offset) {
  auto after = std::upper_bound(file.line_starts.begin(), file.line_starts.end(), offset);
  return static_cast<size_t>(after - file.line_starts.begin()) - 1;
}

LineColumn SourceManager::position(uint32_t file, uint32_t offset) const {
  const File& f = this->file(file);
  offset = std::min<uint32_t>(offset, static_cast<uint32_t>(f.text.size()));
  size_t index = line_index(f, offset);
  uint32_t start = f.line_starts[index];
  std::string_view before = std::string_view(f.text).substr(start, offset - start);
  return {static_cast<uint32_t>(index + 1), static_cast<uint32_t>(display_width(before) + 1)};
}

std::string_view SourceManager::line(uint32_t file, uint32_t offset) const {
  const File& f = this->file(file);
  size_t index = line_index(f, offset);
  size_t begin = f.line_starts[index];
  size_t end = index + 1 < f.line_starts.size() ? f.line_starts[index + 1] - 1 : f.text.size();
  std::string_view line = std::string_view(f.text).substr(begin, end - begin);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

uint32_t SourceManager::line_start(uint32_t file, uint32_t offset) const {
  const File& f = this->file(file);
  return f.line_starts[line_index(f, offset)];
}

}  // namespace linnet
