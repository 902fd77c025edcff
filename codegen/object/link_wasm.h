// WebAssembly objects → one module, by LLD within this process.
#pragma once

#include "codegen/emit/compile.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

struct WasmModule {
  std::vector<std::byte> bytes;
  int64_t heap_base = 0;  // the first byte behind stack and constants
  std::string id;         // the model's name and a hash of the code, in the custom section "linnet"
};

// What `exports` (functions) reach, and nothing else. The module imports its memory, "env.memory",
// of which it owns the bytes below heap_base: the stack of compiled.stack_bytes at the bottom, so
// that an overflow traps, then the constants.
[[nodiscard]] Result<WasmModule, Failure> link_wasm(const Compiled& compiled,
                                                    std::span<const std::string> exports);

}  // namespace linnet::codegen
