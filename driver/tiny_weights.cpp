// Remarks on weights that are denormal or nearly so.
#include "driver/tiny_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

namespace linnet::driver {
namespace {

struct Tiny {
  int64_t values = 0, denormal = 0;
  double smallest = 0, largest = 0;
};

// `limit`: below it a value is tiny; `normal`: below it, denormal.
template <class T> Tiny look(const ir::Tensor& tensor, T limit, T normal) {
  Tiny tiny;
  const auto bytes = tensor.bytes();
  for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    value = std::abs(value);
    tiny.largest = std::max(tiny.largest, static_cast<double>(value));
    if (value == 0 || !(value < limit)) continue;
    ++tiny.values;
    if (value < normal) ++tiny.denormal;
    if (tiny.smallest == 0 || value < tiny.smallest) tiny.smallest = static_cast<double>(value);
  }
  return tiny;
}

}  // namespace

void report_tiny_weights(const ir::Module& module, const Host& host) {
  for (const ir::Slot& slot : module.slots) {
    if (!slot.value) continue;
    Tiny tiny;
    if (slot.type.dtype == ir::DType::kF32) tiny = look(*slot.value, 1e-30F, FLT_MIN);
    if (slot.type.dtype == ir::DType::kF64) tiny = look(*slot.value, 1e-290, DBL_MIN);
    if (tiny.values == 0) continue;
    host.diagnostics.report(
        {.severity = Severity::kRemark,
         .place = {},
         .message = fmt::format(
             "'{}': {} of {} values are so small that products with them are denormal ({} are "
             "themselves; smallest {:.3g}, largest {:.3g})",
             slot.path, tiny.values, slot.type.elements(), tiny.denormal, tiny.smallest,
             tiny.largest),
         .remedy = "some CPUs compute with denormals many times slower: --flush-denormals takes "
                   "them as zeros, or set such weights to 0"});
  }
}

}  // namespace linnet::driver
