// Finds the records of data kinds, and resolves what is declared of a port.
#include "ir/data_kind.h"

#include <algorithm>
#include <array>

namespace linnet::ir {
namespace {

constexpr auto kKinds = std::to_array<const DataKind*>({
#define LINNET_DATA(name) &data::name,
#define LINNET_READER(name)
#include "base/abi/data.def"
#undef LINNET_READER
#undef LINNET_DATA
});

}  // namespace

std::span<const DataKind* const> all_data_kinds() {
  return kKinds;
}

const DataKind* find_data_kind(std::string_view name) {
  const auto at = std::ranges::find(kKinds, name, &DataKind::name);
  return at == kKinds.end() ? nullptr : *at;
}

int64_t DataContext::sample_elements() const {
  const Shape& shape = type.shape;
  return shape.empty() ? 1 : element_count({shape.begin() + 1, shape.end()});
}

DeclaredPort declared_port(const std::vector<Declaration>& data, const std::string& name,
                           const Type& type, int64_t dtype, std::span<const std::string> inputs) {
  DeclaredPort port{nullptr, Contract::of<linnet_port_v1>()};
  port.record.set(&linnet_port_v1::name, name)
      .set(&linnet_port_v1::dtype, dtype)
      .set(&linnet_port_v1::rank, static_cast<int64_t>(type.rank()))
      .set(&linnet_port_v1::dims, type.shape);
  const auto at = std::ranges::find(data, name, &Declaration::target);
  if (at == data.end()) return port;
  port.kind = find_data_kind(at->recipe.kind);
  if (port.kind)
    port.kind->resolve({name, {at->recipe, port.kind->settings}, at->recipe, type, inputs},
                       port.record);
  return port;
}

}  // namespace linnet::ir
