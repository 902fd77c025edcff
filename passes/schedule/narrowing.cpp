// What a weight in half spares, and what widening it costs.
#include "passes/schedule/narrowing.h"

#include "passes/schedule/anchors.h"

#include <fmt/format.h>

namespace linnet::passes {
namespace {

// Of a weight that so many rows share most time goes into the products: widening it would cost as
// much as the memory it spares.
constexpr int64_t kMostRows = 8;
// Smaller ones are read in less time than the kernel's own begin and end.
constexpr int64_t kLeastBytes = 64 << 10;

}  // namespace

std::string not_worth_narrowing(const ir::Graph& body, int64_t all_bytes,
                                const TargetInfo& target) {
  const auto group = matmul_group(body);
  if (!group) return group.error();
  const Product product(body);
  const ir::Type& type = body.value(body.inputs[product.group.weight()].value).type;
  const int64_t bytes = type.stored_bytes();
  if (type.dtype != ir::DType::kF32) return "it is " + std::string(name(type.dtype));
  if (type.rank() != 2) return "it is a stack of matrices";
  if (bytes < kLeastBytes) return fmt::format("it has only {} bytes", bytes);
  if (product.rows > kMostRows) return fmt::format("{} rows share it", product.rows);
  if (all_bytes <= target.l2_bytes)
    return fmt::format("all {} bytes of weights fit the second-level cache", all_bytes);
  return "";
}

}  // namespace linnet::passes
