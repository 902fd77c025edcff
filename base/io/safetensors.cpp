// The reader and writer of safetensors: JSON header, offsets that may not overlap, bytes.
#include "base/io/safetensors.h"

#include "base/io/file.h"
#include "base/text.h"

#include <algorithm>
#include <cstring>

namespace linnet {

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;
constexpr size_t kMaxRank = 32;

struct TypeName {
  DType dtype;
  const char* name;
};
constexpr TypeName kTypeNames[] = {
    {DType::kF32, "F32"},   {DType::kF64, "F64"}, {DType::kF16, "F16"},
    {DType::kBF16, "BF16"}, {DType::kI64, "I64"}, {DType::kI32, "I32"},
    {DType::kI8, "I8"},     {DType::kU8, "U8"},   {DType::kBool, "BOOL"}};

const char* type_name(DType dtype) {
  for (const TypeName& type : kTypeNames)
    if (type.dtype == dtype) return type.name;
  return "F32";
}

// Reads exactly the JSON that the format allows, {name: {dtype, shape, data_offsets}, …,
// "__metadata__": {key: text}}. Nothing nests deeper, so there is no recursion to bound.
class HeaderReader {
public:
  HeaderReader(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  Result<void> read(std::vector<Safetensors::Entry>& entries, Metadata& metadata) {
    LINNET_TRY(expect('{'));
    bool metadata_seen = false;
    if (!take('}')) {
      do {
        Result<std::string> key = string();
        LINNET_TRY(key);
        LINNET_TRY(expect(':'));
        if (*key == "__metadata__") {
          if (metadata_seen) return fault("\"__metadata__\" twice");
          metadata_seen = true;
          LINNET_TRY(read_metadata(metadata));
        } else {
          entries.emplace_back();
          entries.back().name = std::move(*key);
          LINNET_TRY(read_entry(entries.back()));
        }
      } while (take(','));
      LINNET_TRY(expect('}'));
    }
    skip_space();
    if (at_ != text_.size()) return fault("text after the last brace");
    return {};
  }

private:
  tl::unexpected<Error> fault(const std::string& what) const {
    return fail("%s: safetensors header, byte %zu: %s", file_.c_str(), at_ + 8, what.c_str());
  }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Result<void> expect(char c) {
    if (!take(c)) return fault(std::string("expected '") + c + "'");
    return {};
  }

  Result<uint32_t> hex4() {
    if (text_.size() - at_ < 4) return fault("\\u needs four digits");
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return fault("\\u needs four digits");
      value = value * 16 + static_cast<uint32_t>(digit);
    }
    return value;
  }

  Result<void> escape(std::string& result) {
    if (at_ >= text_.size()) return fault("a string does not end");
    const char c = text_[at_++];
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    if (const size_t simple = kFrom.find(c); simple != std::string_view::npos) {
      result += kTo[simple];
      return {};
    }
    if (c != 'u') return fault("unknown escape in a string");
    Result<uint32_t> unit = hex4();
    LINNET_TRY(unit);
    uint32_t code_point = *unit;
    if (code_point >= 0xD800 && code_point < 0xE000) {
      if (code_point >= 0xDC00 || text_.substr(at_, 2) != "\\u") return fault("a lone surrogate");
      at_ += 2;
      const Result<uint32_t> low = hex4();
      LINNET_TRY(low);
      if (*low < 0xDC00 || *low >= 0xE000) return fault("a lone surrogate");
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(result, code_point);
    return {};
  }

  Result<std::string> string() {
    LINNET_TRY(expect('"'));
    std::string result;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<uint8_t>(c) < 0x20) return fault("a control character in a string");
      if (c == '\\') {
        LINNET_TRY(escape(result));
      } else {
        result += c;
      }
    }
    if (at_ >= text_.size()) return fault("a string does not end");
    ++at_;
    return result;
  }

  Result<int64_t> integer() {
    skip_space();
    const size_t begin = at_;
    int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      if (__builtin_mul_overflow(value, int64_t{10}, &value) ||
          __builtin_add_overflow(value, int64_t{text_[at_] - '0'}, &value))
        return fault("a number above 2^63");
      ++at_;
    }
    if (at_ == begin) return fault("expected a whole number that is not negative");
    if (text_[begin] == '0' && at_ - begin > 1) return fault("a number with a leading zero");
    return value;
  }

  Result<std::vector<int64_t>> integers() {
    LINNET_TRY(expect('['));
    std::vector<int64_t> values;
    if (take(']')) return values;
    do {
      if (values.size() == kMaxRank) return fault("more than 32 dimensions");
      const Result<int64_t> value = integer();
      LINNET_TRY(value);
      values.push_back(*value);
    } while (take(','));
    LINNET_TRY(expect(']'));
    return values;
  }

  Result<void> read_metadata(Metadata& metadata) {
    LINNET_TRY(expect('{'));
    if (take('}')) return {};
    do {
      Result<std::string> key = string();
      LINNET_TRY(key);
      LINNET_TRY(expect(':'));
      Result<std::string> value = string();
      LINNET_TRY(value);
      metadata.emplace_back(std::move(*key), std::move(*value));
    } while (take(','));
    return expect('}');
  }

  Result<void> read_entry(Safetensors::Entry& entry) {
    bool dtype = false, shape = false, offsets = false;
    LINNET_TRY(expect('{'));
    do {
      Result<std::string> key = string();
      LINNET_TRY(key);
      LINNET_TRY(expect(':'));
      if (*key == "dtype" && !dtype) {
        dtype = true;
        const Result<std::string> name = string();
        LINNET_TRY(name);
        const auto type = std::find_if(std::begin(kTypeNames), std::end(kTypeNames),
                                       [&](const TypeName& t) { return *name == t.name; });
        if (type == std::end(kTypeNames))
          return fault("tensor \"" + entry.name + "\" has type " + *name +
                       "; F32 F64 F16 BF16 I64 I32 I8 U8 BOOL can be read");
        entry.dtype = type->dtype;
      } else if (*key == "shape" && !shape) {
        shape = true;
        Result<std::vector<int64_t>> dims = integers();
        LINNET_TRY(dims);
        entry.shape = std::move(*dims);
      } else if (*key == "data_offsets" && !offsets) {
        offsets = true;
        const Result<std::vector<int64_t>> pair = integers();
        LINNET_TRY(pair);
        if (pair->size() != 2) return fault("data_offsets needs two numbers");
        entry.begin = static_cast<uint64_t>((*pair)[0]);
        entry.end = static_cast<uint64_t>((*pair)[1]);
      } else {
        return fault("tensor \"" + entry.name + "\": \"" + *key + "\" is unknown or given twice");
      }
    } while (take(','));
    LINNET_TRY(expect('}'));
    if (!dtype || !shape || !offsets)
      return fault("tensor \"" + entry.name + "\" lacks dtype, shape or data_offsets");
    return {};
  }

  const std::string& file_;
  std::string_view text_;
  size_t at_ = 0;
};

// Every byte of the data section belongs to exactly one tensor, and each tensor fits its shape.
Result<void> check_layout(const std::string& file, std::vector<Safetensors::Entry>& entries,
                          uint64_t data_size) {
  for (const Safetensors::Entry& entry : entries) {
    const std::optional<int64_t> bytes = byte_count(entry.dtype, entry.shape);
    if (entry.end > data_size || entry.begin > entry.end)
      return fail("%s: tensor \"%s\" lies outside the file", file.c_str(), entry.name.c_str());
    if (!bytes || static_cast<uint64_t>(*bytes) != entry.end - entry.begin)
      return fail("%s: tensor \"%s\": %s of %s does not take the %llu bytes that its offsets say",
                  file.c_str(), entry.name.c_str(), shape_text(entry.shape).c_str(),
                  type_name(entry.dtype), static_cast<unsigned long long>(entry.end - entry.begin));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t end = 0;
  for (const Safetensors::Entry& entry : entries) {
    if (entry.begin != end)
      return fail("%s: tensor \"%s\" %s", file.c_str(), entry.name.c_str(),
                  entry.begin < end ? "overlaps another one" : "lies behind a hole");
    end = entry.end;
  }
  if (end != data_size)
    return fail("%s: %llu bytes after the last tensor", file.c_str(),
                static_cast<unsigned long long>(data_size - end));
  return {};
}

}  // namespace

Result<Safetensors> Safetensors::parse(const std::string& name, std::vector<uint8_t> bytes) {
  if (bytes.size() < 8) return fail("%s: not a safetensors file: too short", name.c_str());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length > kMaxHeader || length > bytes.size() - 8)
    return fail("%s: not a safetensors file: a header of %llu bytes %s", name.c_str(),
                static_cast<unsigned long long>(length),
                length > kMaxHeader ? "(at most 100 MB)" : "does not fit into the file");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (!header.starts_with('{'))
    return fail("%s: not a safetensors file: the header does not begin with '{'", name.c_str());
  if (const std::optional<size_t> bad = invalid_utf8(header))
    return fail("%s: safetensors header, byte %zu: not UTF-8", name.c_str(), *bad + 8);

  Safetensors result;
  LINNET_TRY(HeaderReader(name, header).read(result.entries_, result.metadata_));
  result.data_begin_ = 8 + length;
  LINNET_TRY(check_layout(name, result.entries_, bytes.size() - result.data_begin_));
  std::sort(result.entries_.begin(), result.entries_.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  std::sort(result.metadata_.begin(), result.metadata_.end());
  for (size_t i = 1; i < result.entries_.size(); ++i)
    if (result.entries_[i].name == result.entries_[i - 1].name)
      return fail("%s: two tensors are called \"%s\"", name.c_str(),
                  result.entries_[i].name.c_str());
  for (size_t i = 1; i < result.metadata_.size(); ++i)
    if (result.metadata_[i].first == result.metadata_[i - 1].first)
      return fail("%s: two metadata entries are called \"%s\"", name.c_str(),
                  result.metadata_[i].first.c_str());
  result.bytes_ = std::move(bytes);
  return result;
}

Result<Safetensors> Safetensors::read(const std::string& path) {
  Result<std::vector<uint8_t>> bytes = read_file(path);
  LINNET_TRY(bytes);
  return parse(path, std::move(*bytes));
}

const Safetensors::Entry* Safetensors::find(std::string_view name) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const Entry& entry, std::string_view key) { return entry.name < key; });
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

std::span<const uint8_t> Safetensors::bytes(const Entry& entry) const {
  return std::span(bytes_).subspan(data_begin_ + entry.begin, entry.end - entry.begin);
}

Tensor Safetensors::tensor(const Entry& entry) const {
  const std::span<const uint8_t> data = bytes(entry);
  return {entry.dtype, entry.shape, {data.begin(), data.end()}};
}

Tensor Safetensors::tensor_as(const Entry& entry, DType dtype) const {
  Tensor result = make_tensor(dtype, entry.shape);
  convert(entry.dtype, bytes(entry).data(), dtype, result.data.data(),
          element_count(entry.shape).value_or(0));
  return result;
}

Result<void> write_safetensors(const std::string& path, std::vector<NamedTensor> tensors,
                               Metadata metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    const int64_t width_a = size_of(a.dtype), width_b = size_of(b.dtype);
    return width_a != width_b ? width_a > width_b : a.name < b.name;
  });
  std::sort(metadata.begin(), metadata.end());
  std::vector<std::string_view> names;
  for (const NamedTensor& tensor : tensors)
    names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    return fail("%s: two tensors are called \"%s\"", path.c_str(), std::string(*twice).c_str());
  std::string header = "{";
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (size_t i = 0; i < metadata.size(); ++i)
      header += (i == 0 ? "\"" : ",\"") + json_escaped(metadata[i].first) + "\":\"" +
                json_escaped(metadata[i].second) + "\"";
    header += "}";
  }
  uint64_t end = 0;
  for (const NamedTensor& tensor : tensors) {
    const std::optional<int64_t> bytes = byte_count(tensor.dtype, tensor.shape);
    if (!bytes || __builtin_add_overflow(end, static_cast<uint64_t>(*bytes), &end))
      return fail("%s: tensor \"%s\" has the impossible shape %s", path.c_str(),
                  tensor.name.c_str(), shape_text(tensor.shape).c_str());
    std::string dims;
    for (size_t i = 0; i < tensor.shape.size(); ++i)
      dims += (i == 0 ? "" : ",") + std::to_string(tensor.shape[i]);
    header += format("%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%llu,%llu]}",
                     header.size() == 1 ? "" : ",", json_escaped(tensor.name).c_str(),
                     type_name(tensor.dtype), dims.c_str(),
                     static_cast<unsigned long long>(end - static_cast<uint64_t>(*bytes)),
                     static_cast<unsigned long long>(end));
  }
  header += "}";
  header.append((8 - header.size() % 8) % 8, ' ');

  Result<AtomicFile> file = AtomicFile::create(path);
  LINNET_TRY(file);
  const uint64_t length = header.size();
  LINNET_TRY(file->write({reinterpret_cast<const uint8_t*>(&length), sizeof length}));
  LINNET_TRY(file->write(header));
  for (const NamedTensor& tensor : tensors) {
    const auto bytes = static_cast<size_t>(*byte_count(tensor.dtype, tensor.shape));
    LINNET_TRY(file->write({static_cast<const uint8_t*>(tensor.data), bytes}));
  }
  return file->commit();
}

}  // namespace linnet
