// Finds the run-time of a target among those cmake/product_runtime.cmake embeds.
#include "codegen/object/product_runtime.h"

#define LINNET_EMBEDDED(name)                                                                      \
  extern "C" const char linnet_embedded_product_runtime_##name##_begin[];                          \
  extern "C" const char linnet_embedded_product_runtime_##name##_end[];                            \
  extern "C" const char linnet_embedded_product_pool_##name##_begin[];                             \
  extern "C" const char linnet_embedded_product_pool_##name##_end[];                               \
  extern "C" const char linnet_embedded_product_kit_##name##_begin[];                              \
  extern "C" const char linnet_embedded_product_kit_##name##_end[];
LINNET_EMBEDDED(x86_64)
LINNET_EMBEDDED(aarch64)
LINNET_EMBEDDED(riscv64)
#undef LINNET_EMBEDDED

namespace linnet::codegen {
namespace {

std::span<const uint8_t> between(const char* begin, const char* end) {
  return {reinterpret_cast<const uint8_t*>(begin), reinterpret_cast<const uint8_t*>(end)};
}

}  // namespace

#define LINNET_RUNTIME(name)                                                                       \
  ProductRuntime {                                                                                 \
    between(linnet_embedded_product_runtime_##name##_begin,                                        \
            linnet_embedded_product_runtime_##name##_end),                                         \
        between(linnet_embedded_product_pool_##name##_begin,                                       \
                linnet_embedded_product_pool_##name##_end),                                        \
        between(linnet_embedded_product_kit_##name##_begin,                                        \
                linnet_embedded_product_kit_##name##_end)                                          \
  }

ProductRuntime product_runtime(const TargetRecord& record) {
  if (record.format != ObjectFormat::kElf64) return {};
  switch (record.architecture) {
  case Architecture::kX86:
    return LINNET_RUNTIME(x86_64);
  case Architecture::kAArch64:
    return LINNET_RUNTIME(aarch64);
  case Architecture::kRiscV:
    return LINNET_RUNTIME(riscv64);
  default:
    return {};
  }
}
#undef LINNET_RUNTIME

}  // namespace linnet::codegen
