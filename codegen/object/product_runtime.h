// What products of a target are linked with: runtime/ and the pool of threads, as this build of
// linnet made them.
#pragma once

#include "codegen/object/target.h"

#include <cstdint>
#include <span>

namespace linnet::codegen {

struct ProductRuntime {
  std::span<const uint8_t> archive;  // libruntime.a: what an executable does beside the model
  std::span<const uint8_t> pool;     // base/pool.cpp alone, an object
  std::span<const uint8_t> kit;      // what cmake/link_kit.py gathers for a linker, an archive
  [[nodiscard]] bool exists() const { return !archive.empty(); }
};

// Of the target's machine; empty if its compiler was not there when linnet was built.
[[nodiscard]] ProductRuntime product_runtime(const TargetRecord& record);

}  // namespace linnet::codegen
