// Source texts and places in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linnet {

// A half-open range of bytes [begin, end) of one file of a SourceManager.
struct Span {
  uint32_t file = 0;  // index given by SourceManager::add
  uint32_t begin = 0;
  uint32_t end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

// A position for people: both count from 1; the column is in display columns
// (a tab advances to the next multiple of 8, a wide character takes two).
struct LineColumn {
  uint32_t line = 1;
  uint32_t column = 1;
};

// Offsets are 32 bits; who reads a file refuses a longer one before `add`.
inline constexpr size_t kMaxSourceBytes = size_t{1} << 31;

// Owns the text of every file that was read, so that a Span stays meaningful.
class SourceManager {
public:
  // `name` is what messages show; `text` may hold any bytes, CRLF included.
  uint32_t add(std::string name, std::string text);
  [[nodiscard]] size_t size() const { return files_.size(); }
  [[nodiscard]] std::string_view name(uint32_t file) const;
  [[nodiscard]] std::string_view text(uint32_t file) const;
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] LineColumn position(uint32_t file, uint32_t offset) const;
  // The whole line that holds `offset`, without its line ending.
  [[nodiscard]] std::string_view line(uint32_t file, uint32_t offset) const;
  [[nodiscard]] uint32_t line_start(uint32_t file, uint32_t offset) const;

private:
  struct File {
    std::string name;
    std::string text;
    std::vector<uint32_t> line_starts;
  };
  [[nodiscard]] const File& file(uint32_t file) const;
  [[nodiscard]] static size_t line_index(const File& file, uint32_t offset);

  std::vector<File> files_;
};

}  // namespace linnet
