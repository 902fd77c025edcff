// The reader of IDX files, and the name of the labels that lie beside a file of images.
#include "base/io/idx.h"

#include "base/io/file.h"
#include "base/text.h"

namespace linnet {

bool looks_like_idx(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 0x08 &&
         bytes[2] <= 0x0e && bytes[3] >= 1 && bytes[3] <= 4;
}

Result<IdxLayout> idx_layout(const std::string& name, std::span<const uint8_t> head, int64_t size) {
  if (head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b)
    return fail("%s: compressed; run gunzip first", name.c_str());
  if (!looks_like_idx(head)) return fail("%s: not an IDX file", name.c_str());
  if (head[2] != 0x08)
    return fail("%s: IDX elements of type 0x%02x; unsigned bytes (0x08) can be read", name.c_str(),
                head[2]);
  const size_t rank = head[3];
  const size_t begin = 4 + 4 * rank;
  if (head.size() < begin) return fail("%s: the IDX header is cut off", name.c_str());
  IdxLayout layout{{}, static_cast<int64_t>(begin)};
  for (size_t i = 0; i < rank; ++i) {
    const uint8_t* dim = head.data() + 4 + 4 * i;
    layout.shape.push_back(int64_t{dim[0]} << 24 | dim[1] << 16 | dim[2] << 8 | dim[3]);
  }
  const std::optional<int64_t> expected = byte_count(DType::kU8, layout.shape);
  if (!expected || *expected != size - layout.begin)
    return fail("%s: the IDX header says %s, the file holds %lld bytes of data", name.c_str(),
                shape_text(layout.shape).c_str(), static_cast<long long>(size - layout.begin));
  return layout;
}

Result<IdxLayout> idx_layout(const DataFile& file) {
  LINNET_TRY_ASSIGN(const auto& head, file.head(64));
  return idx_layout(file.path(), head, file.size());
}

Result<Tensor> parse_idx(const std::string& name, std::span<const uint8_t> bytes) {
  LINNET_TRY_ASSIGN(IdxLayout layout, idx_layout(name, bytes, static_cast<int64_t>(bytes.size())));
  const auto data = bytes.subspan(static_cast<size_t>(layout.begin));
  return Tensor{DType::kU8, std::move(layout.shape), {data.begin(), data.end()}};
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
