// The ES module and the TypeScript types of a model in WebAssembly.
#pragma once

#include "codegen/emit/header.h"
#include "codegen/object/link_wasm.h"

#include <string>
#include <vector>

namespace linnet::codegen {

// Functions the .wasm must export for es_module.
[[nodiscard]] std::vector<std::string> es_exports(const std::vector<HeaderEntry>& entries,
                                                  const CompileOptions& options);

struct EsModule {
  std::string text;   // of NAME.mjs, less its first lines, which name the .wasm
  std::string types;  // of NAME.d.mts
};

// Where all lies in memory is known now: ports, arena and the first state follow the linked
// module's own bytes.
[[nodiscard]] EsModule es_module(const std::vector<HeaderEntry>& entries, const WasmModule& linked,
                                 const Compiled& compiled, const CompileOptions& options);

}  // namespace linnet::codegen
