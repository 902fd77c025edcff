// Counts elements, tells pictures by name, and reads the cells of a table row.
#include "runtime/data/ports.h"

namespace linnet::runtime {

int64_t elements_of(const linnet_port_v1& port) {
  int64_t count = 1;
  for (int64_t i = 0; i < port.rank; ++i)
    count *= port.dims[i];
  return count;
}

ImageDecoding decoding_of(const linnet_image_v1& image) {
  ImageDecoding decoding;
  decoding.color = static_cast<Color>(image.color);
  decoding.resize = static_cast<Resize>(image.resize);
  decoding.fit = static_cast<Fit>(image.fit);
  decoding.invert = image.invert != 0;
  decoding.scale = static_cast<float>(image.scale);
  for (int i = 0; i < 3; ++i) {
    decoding.mean[i] = static_cast<float>(image.mean[i]);
    decoding.deviation[i] = static_cast<float>(image.deviation[i]);
  }
  return decoding;
}

bool is_picture(const std::string& path) {
  const auto ends = [&](const char* suffix) {
    std::string lower = path;
    for (char& c : lower)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return lower.ends_with(suffix);
  };
  return ends(".png") || ends(".jpg") || ends(".jpeg");
}

Result<void> read_row(const CsvTable& table, size_t row, const linnet_table_v1& columns,
                      float* to) {
  for (int64_t i = 0; i < columns.count; ++i) {
    const linnet_column_v1& c = columns.columns[i];
    auto column = table.column_named(c.name);
    if (!column) return tl::unexpected(column.error());
    if (c.category_count == 0) {
      auto value = table.number(row, *column);
      if (!value) return tl::unexpected(value.error());
      *to++ = static_cast<float>((*value - c.mean) / c.deviation);
      continue;
    }
    const std::string cell(table.cell(row, *column));
    bool found = false;
    for (int64_t k = 0; k < c.category_count; ++k) {
      const bool here = cell == c.categories[k];
      found = found || here;
      *to++ = here ? 1.0F : 0.0F;
    }
    if (!found)
      return fail("%s: '%s' is none of the %lld categories", table.place(row, *column).c_str(),
                  cell.c_str(), static_cast<long long>(c.category_count));
  }
  return {};
}

}  // namespace linnet::runtime
