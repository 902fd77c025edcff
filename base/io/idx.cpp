// The reader of IDX files, and the name of the labels that lie beside a file of images.
#include "base/io/idx.h"

#include "base/io/file.h"
#include "base/text.h"

namespace linnet {

bool looks_like_idx(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 0x08 &&
         bytes[2] <= 0x0e && bytes[3] >= 1 && bytes[3] <= 4;
}

Result<Tensor> parse_idx(const std::string& name, std::span<const uint8_t> bytes) {
  if (bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
    return fail("%s: compressed; run gunzip first", name.c_str());
  if (!looks_like_idx(bytes)) return fail("%s: not an IDX file", name.c_str());
  if (bytes[2] != 0x08)
    return fail("%s: IDX elements of type 0x%02x; unsigned bytes (0x08) can be read", name.c_str(),
                bytes[2]);
  const size_t rank = bytes[3];
  const size_t begin = 4 + 4 * rank;
  if (bytes.size() < begin) return fail("%s: the IDX header is cut off", name.c_str());
  Tensor tensor{DType::kU8, {}, {}};
  for (size_t i = 0; i < rank; ++i) {
    const uint8_t* dim = bytes.data() + 4 + 4 * i;
    tensor.shape.push_back(int64_t{dim[0]} << 24 | dim[1] << 16 | dim[2] << 8 | dim[3]);
  }
  const std::optional<int64_t> expected = byte_count(DType::kU8, tensor.shape);
  if (!expected || static_cast<uint64_t>(*expected) != bytes.size() - begin)
    return fail("%s: the IDX header says %s, the file holds %lld bytes of data", name.c_str(),
                shape_text(tensor.shape).c_str(), static_cast<long long>(bytes.size() - begin));
  tensor.data.assign(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.end());
  return tensor;
}

Result<Tensor> read_idx(const std::string& path) {
  return read_file(path).and_then(
      [&](const std::vector<uint8_t>& bytes) { return parse_idx(path, bytes); });
}

std::string labels_beside(const std::string& images_path) {
  const size_t folder = folder_prefix(images_path).size();
  for (const char separator : {'-', '.'}) {
    const std::string from = std::string("images") + separator + "idx3";
    const std::string to = std::string("labels") + separator + "idx1";
    const size_t at = images_path.rfind(from);
    if (at == std::string::npos || at < folder) continue;
    std::string labels = images_path;
    labels.replace(at, from.size(), to);
    if (file_exists(labels)) return labels;
  }
  return "";
}

}  // namespace linnet
