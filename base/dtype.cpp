// Names and sizes of element types, and the proof that the contract counts them the same way.
#include "base/dtype.h"

#include "base/abi/model.h"

namespace linnet {
namespace {

static_assert(abi_number(DType::kF32) == LINNET_F32 && abi_number(DType::kF64) == LINNET_F64 &&
              abi_number(DType::kI64) == LINNET_I64 && abi_number(DType::kI32) == LINNET_I32 &&
              abi_number(DType::kI8) == LINNET_I8 && abi_number(DType::kU8) == LINNET_U8 &&
              abi_number(DType::kBool) == LINNET_BOOL);

struct Row {
  const char* name;
  int64_t bytes;
};
// In the order of the enumeration.
constexpr Row kRows[kDTypes] = {{"f32", 4}, {"f64", 8},  {"i64", 8}, {"i32", 4}, {"i8", 1},
                                {"u8", 1},  {"bool", 1}, {"f16", 2}, {"bf16", 2}};

}  // namespace

std::string_view name(DType dtype) {
  return kRows[static_cast<int>(dtype)].name;
}

std::optional<DType> dtype_from_name(std::string_view name) {
  for (int i = 0; i < kDTypes; ++i)
    if (name == kRows[i].name) return static_cast<DType>(i);
  return std::nullopt;
}

int64_t size_of(DType dtype) {
  return kRows[static_cast<int>(dtype)].bytes;
}

}  // namespace linnet
