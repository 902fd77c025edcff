// Scans a CSV file by windows, and finds rows between marks by their line ends.
#include "base/io/csv_file.h"

#include <algorithm>

namespace linnet {
namespace {

constexpr int64_t kWindow = int64_t{1} << 20;
// A row that is longer is refused by the parser, once it has seen so much of it.
constexpr int64_t kMostRow = (int64_t{16} << 20) + kWindow;
constexpr int64_t kMostMarks = int64_t{1} << 20;
constexpr int64_t kLeastApart = 1024;

// Finds where rows end in text that comes bit by bit: at LF, CR or both, outside quotes. A quote
// where none may be is the parser's to tell of, whatever is cut off behind it.
struct RowEnds {
  size_t at = 0;   // what is before was seen
  size_t end = 0;  // behind the last row that is whole
  bool quoted = false;

  // Up to the end of `text`, or of so many rows. `last`: nothing follows the text.
  void scan(std::string_view text, bool last, size_t most = SIZE_MAX) {
    for (; at < text.size() && most > 0; ++at) {
      const char c = text[at];
      if (c == '"') {
        quoted = !quoted;
      } else if ((c == '\n' || c == '\r') && !quoted) {
        if (c == '\r') {
          if (at + 1 == text.size() && !last) return;  // is there a LF?
          at += at + 1 < text.size() && text[at + 1] == '\n';
        }
        end = at + 1;
        --most;
      }
    }
    if (last && most > 0) end = text.size();
  }
};

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<CsvFile> CsvFile::open(const std::string& path) {
  LINNET_TRY_ASSIGN(auto file, DataFile::open(path));
  CsvFile csv(std::move(file));
  csv.apart_ = std::max(kLeastApart, csv.file_.size() / kMostMarks);
  LINNET_TRY(csv.scan());
  return csv;
}

Result<void> CsvFile::scan() {
  const int64_t size = file_.size();
  std::vector<uint8_t> window;
  int64_t begin = 0;  // of the window in the file
  size_t line = 1;
  RowEnds ends;
  CsvTable part;
  do {
    const size_t known = window.size();
    const int64_t more = std::min(kWindow, size - begin - static_cast<int64_t>(known));
    window.resize(known + static_cast<size_t>(more));
    LINNET_TRY(file_.read(begin + static_cast<int64_t>(known), std::span(window).subspan(known)));
    const bool last = begin + static_cast<int64_t>(window.size()) == size;
    ends.scan(text_of(window), last);
    if (ends.end == 0 && !last && static_cast<int64_t>(window.size()) < kMostRow) continue;
    const size_t taken = ends.end == 0 ? window.size() : ends.end;
    LINNET_TRY(add(text_of(window).substr(0, taken), begin, line, part));
    window.erase(window.begin(), window.begin() + static_cast<ptrdiff_t>(taken));
    begin += static_cast<int64_t>(taken);
    ends.at -= taken;
    ends.end = 0;
  } while (begin < size);
  return file_.check_unchanged();
}

Result<void> CsvFile::add(std::string_view text, int64_t offset, size_t& line, CsvTable& part) {
  std::vector<size_t> begins;
  const bool first = line == 1;
  if (first) {
    LINNET_TRY_ASSIGN(part, CsvTable::parse(file_.path(), text, CsvHeader::kYes, &begins));
    head_ = part;
    head_.clear_rows();
  } else {
    part.clear_rows();
    LINNET_TRY(part.add_rows(text, line, &begins));
  }
  for (size_t i = 0; i < part.rows(); ++i) {
    const int64_t at = offset + static_cast<int64_t>(begins[i]);
    if (marks_.empty() || at - marks_.back().offset >= apart_)
      marks_.push_back(
          {rows_ + static_cast<int64_t>(i), at, static_cast<int64_t>(part.line_of(i))});
  }
  rows_ += static_cast<int64_t>(part.rows());
  line = part.next_line();
  return {};
}

const CsvFile::Mark& CsvFile::mark_of(int64_t row) const {
  return *(std::ranges::upper_bound(marks_, row, {}, &Mark::row) - 1);
}

int64_t CsvFile::end_of(int64_t row) const {
  const auto next = std::ranges::upper_bound(marks_, row, {}, &Mark::row);
  return next == marks_.end() ? file_.size() : next->offset;
}

void CsvFile::expect(int64_t first, int64_t count) const {
  if (count < 1) return;
  const int64_t begin = mark_of(first).offset;
  file_.expect(begin, end_of(first + count - 1) - begin);
}

Result<void> CsvFile::read(int64_t first, int64_t count, CsvTable& table) const {
  table.clear_rows();
  if (count < 1) return {};
  const Mark& from = mark_of(first);
  const int64_t end = end_of(first + count - 1);
  std::vector<uint8_t> bytes(static_cast<size_t>(end - from.offset));
  LINNET_TRY(file_.read(from.offset, bytes));
  std::string_view text = text_of(bytes);
  auto line = static_cast<size_t>(from.line);
  // Over the rows before, and empty lines among them.
  for (int64_t row = from.row; row < first;) {
    RowEnds one;
    one.scan(text, true, 1);
    if (one.end == 0) break;
    row += text[0] != '\n' && text[0] != '\r';
    text.remove_prefix(one.end);
    ++line;
  }
  LINNET_TRY(table.add_rows(text, line, nullptr, static_cast<size_t>(count)));
  if (static_cast<int64_t>(table.rows()) != count) {
    LINNET_TRY(file_.check_unchanged());
    return fail("%s: row %zu: not where it was", file_.path().c_str(), line);
  }
  return {};
}

}  // namespace linnet
