// The reader and writer of .npy: its header is a Python literal, parsed word by word here.
#include "base/io/npy.h"

#include "base/io/file.h"

#include <charconv>
#include <cstring>

namespace linnet {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxRank = 32;  // NumPy's own limit when the format was made

struct Descr {
  DType dtype;
  const char* text;
};
constexpr Descr kDescrs[] = {{DType::kF32, "<f4"},  {DType::kF64, "<f8"}, {DType::kI64, "<i8"},
                             {DType::kI32, "<i4"},  {DType::kI8, "|i1"},  {DType::kU8, "|u1"},
                             {DType::kBool, "|b1"}, {DType::kF16, "<f2"}};

// Reads the header's Python dictionary: exactly the literals NumPy writes.
class HeaderReader {
public:
  explicit HeaderReader(std::string_view text) : text_(text) {}

  void skip_space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t'))
      text_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string_view> quoted() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return std::nullopt;
    const size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view content = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return content;
  }
  std::optional<int64_t> integer() {
    skip_space();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) return std::nullopt;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    if (!text_.empty() && text_[0] == 'L') text_.remove_prefix(1);  // Python 2 wrote 10L
    return value;
  }
  [[nodiscard]] bool at_end() {
    skip_space();
    return text_.empty();
  }

private:
  std::string_view text_;
};

struct Header {
  std::string_view descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

bool read_shape(HeaderReader& in, std::vector<int64_t>& shape) {
  if (!in.take('(')) return false;
  while (!in.take(')')) {
    const std::optional<int64_t> dim = in.integer();
    if (!dim || shape.size() == kMaxRank) return false;
    shape.push_back(*dim);
    if (!in.take(',')) return in.take(')');
  }
  return true;
}

bool read_header(std::string_view text, Header& header) {
  HeaderReader in(text);
  if (!in.take('{')) return false;
  while (!in.take('}')) {
    const auto key = in.quoted();
    if (!key || !in.take(':')) return false;
    if (*key == "descr" && header.descr.empty()) {
      if (in.take('[')) {  // a structured array
        header.descr = "a record";
        return true;
      }
      const auto descr = in.quoted();
      if (!descr) return false;
      header.descr = *descr;
    } else if (*key == "fortran_order" && !header.fortran_order) {
      if (in.take("True")) {
        header.fortran_order = true;
      } else if (in.take("False")) {
        header.fortran_order = false;
      } else {
        return false;
      }
    } else if (*key == "shape" && !header.shape) {
      header.shape.emplace();
      if (!read_shape(in, *header.shape)) return false;
    } else {
      return false;
    }
    if (!in.take(',')) {
      if (!in.take('}')) return false;
      break;
    }
  }
  return in.at_end() && !header.descr.empty() && header.fortran_order && header.shape;
}

std::optional<DType> dtype_of_descr(std::string_view descr) {
  for (const Descr& known : kDescrs) {
    const std::string_view text = known.text;
    // One-byte types have no byte order: |u1, <u1 and u1 are the same.
    if (descr == text || (descr.size() == 2 && descr == text.substr(1)) ||
        (text[0] == '|' && descr.size() == 3 && descr.substr(1) == text.substr(1)))
      return known.dtype;
  }
  return std::nullopt;
}

}  // namespace

Result<NpyLayout> npy_layout(const std::string& name, std::span<const uint8_t> head, int64_t size) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.starts_with("PK\x03\x04"))
    return fail("%s: is an .npz archive; save one array with numpy.save", name.c_str());
  if (!text.starts_with(kMagic) || text.size() < 10)
    return fail("%s: not an .npy file", name.c_str());
  const int version = head[6];
  if (version < 1 || version > 3 || head[7] != 0)
    return fail("%s: .npy version %d.%d is not known", name.c_str(), version, head[7]);
  size_t begin = 10;
  size_t length = size_t{head[8]} | size_t{head[9]} << 8;
  if (version > 1) {
    if (head.size() < 12) return fail("%s: the .npy header is cut off", name.c_str());
    begin = 12;
    length |= size_t{head[10]} << 16 | size_t{head[11]} << 24;
  }
  if (static_cast<int64_t>(length) > size - static_cast<int64_t>(begin))
    return fail("%s: the .npy header is cut off", name.c_str());
  Header header;
  if (length > head.size() - begin || !read_header(text.substr(begin, length), header))
    return fail("%s: the .npy header cannot be read", name.c_str());
  const std::string descr(header.descr);
  const std::optional<DType> dtype = dtype_of_descr(descr);
  if (!dtype && descr.starts_with('>'))
    return fail("%s: big-endian elements (%s); save with .astype('<%s')", name.c_str(),
                descr.c_str(), descr.c_str() + 1);
  if (!dtype)
    return fail("%s: elements of type %s; f32 f64 f16 i64 i32 i8 u8 and bool can be read",
                name.c_str(), descr.c_str());
  if (*header.fortran_order)
    return fail("%s: in Fortran order; save with numpy.ascontiguousarray", name.c_str());
  const std::optional<int64_t> expected = byte_count(*dtype, *header.shape);
  if (!expected)
    return fail("%s: impossible shape %s", name.c_str(), shape_text(*header.shape).c_str());
  const auto data = static_cast<int64_t>(begin + length);
  if (*expected != size - data)
    return fail("%s: %s of %s takes %lld bytes, the file holds %lld", name.c_str(),
                shape_text(*header.shape).c_str(), linnet::name(*dtype).data(),
                static_cast<long long>(*expected), static_cast<long long>(size - data));
  return NpyLayout{*dtype, std::move(*header.shape), data};
}

Result<NpyLayout> npy_layout(const DataFile& file) {
  constexpr int64_t kMostHeader = 1 << 20;  // a longer one is no array of numbers
  LINNET_TRY_ASSIGN(const auto& head, file.head(kMostHeader));
  return npy_layout(file.path(), head, file.size());
}

Result<Tensor> parse_npy(const std::string& name, std::span<const uint8_t> bytes) {
  LINNET_TRY_ASSIGN(NpyLayout layout, npy_layout(name, bytes, static_cast<int64_t>(bytes.size())));
  const auto data = bytes.subspan(static_cast<size_t>(layout.begin));
  return Tensor{layout.dtype, std::move(layout.shape), {data.begin(), data.end()}};
}

Result<Tensor> read_npy(const std::string& path) {
  return read_file(path).and_then(
      [&](const std::vector<uint8_t>& bytes) { return parse_npy(path, bytes); });
}

std::string npy_header(DType dtype, std::span<const int64_t> shape) {
  const char* descr = "<f4";
  for (const Descr& known : kDescrs)
    if (known.dtype == dtype) descr = known.text;
  std::string dims = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    dims += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  dims += shape.size() == 1 ? ",)" : ")";
  std::string text =
      format("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, dims.c_str());
  const size_t fixed = text.size() + 1 + 10 > 65535 ? 12 : 10;
  text.append(63 - (fixed + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header += fixed == 12 ? '\2' : '\1';
  header += '\0';
  for (size_t i = 0; i < fixed - 8; ++i)
    header += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return header + text;
}

Result<void> write_npy(const std::string& path, DType dtype, std::span<const int64_t> shape,
                       const void* data) {
  const std::optional<int64_t> bytes = byte_count(dtype, shape);
  if (!bytes) return fail("%s: impossible shape %s", path.c_str(), shape_text(shape).c_str());
  if (dtype == DType::kBF16) {
    Tensor wide = make_tensor(DType::kF32, {shape.begin(), shape.end()});
    convert(dtype, data, DType::kF32, wide.data.data(), wide.elements());
    return write_npy(path, wide);
  }
  Result<AtomicFile> file = AtomicFile::create(path);
  LINNET_TRY(file);
  LINNET_TRY(file->write(npy_header(dtype, shape)));
  LINNET_TRY(file->write({static_cast<const uint8_t*>(data), static_cast<size_t>(*bytes)}));
  return file->commit();
}

Result<void> write_npy(const std::string& path, const Tensor& tensor) {
  return write_npy(path, tensor.dtype, tensor.shape, tensor.data.data());
}

}  // namespace linnet
