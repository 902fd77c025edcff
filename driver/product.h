// What the driver makes, and what becomes of it: a file, or code in this process.
#pragma once

#include "codegen/emit/compile.h"
#include "driver/host.h"
#include "driver/lower.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::driver {

// What may be asked of every product.
struct Options {
  std::string cache;  // folder of kernels compiled before; "" for the user's own
  bool no_cache = false;
  std::string name;  // prefix of symbols; "" for the model's
  int jobs = 2;
  std::optional<int64_t> batch;  // samples in a call; else 1, of a trainer what its block says
  uint64_t seed = 0;             // of values that no weights give
  bool es_module = false;        // also WebAssembly, linked, and what imports it
  bool product = false;          // also the record that an executable and a Loaded are called by
  bool here = false;             // it is for this process, by `product`
  bool keep_text = false;
  bool timed_entries = false;
  bool debug_symbols = false;
  codegen::LinkOptions link;
  bool source = false;  // C in place of code
  PassOptions passes;
  const Listener* listener = nullptr;  // follows the module of the largest batch; may be null
};

struct Product {
  std::vector<ir::Module> modules;  // after the pipeline; largest batch first, batch 1 last
  codegen::Compiled compiled;
  codegen::Target target;
  int64_t flops = 0;       // of one sample
  bool untrained = false;  // parameters are initial values
};

// The model's name as a C identifier.
[[nodiscard]] std::string c_identifier(const std::string& name);

// Planned modules to C. False, with the reason reported, on failure.
[[nodiscard]] bool write_source(Product& product, const codegen::CompileOptions& options,
                                const Host& host);
// Planned modules to object bytes, by way of the cache. False, with the reason reported, on
// failure. A cache that was asked for and cannot be had is an error, one that takes no new entries
// worth a warning; without the user's own, all goes on as ever, and only what looks like an attack
// is mentioned.
[[nodiscard]] bool generate(Product& product, codegen::CompileOptions compile,
                            const Options& options, const Host& host);
// False, with an error, if this machine is not of the target's kind.
[[nodiscard]] bool runs(const codegen::Target& target, const Host& host);
// What both kinds of products give the code generator of `options`.
[[nodiscard]] codegen::CompileOptions
code_options(const Options& options, const codegen::Target& target, const ir::Module& single);
// False, reported, if a tensor is larger than the 32 bits count by which generated code counts.
[[nodiscard]] bool sizes_fit(const ir::Module& module, const Host& host);

// The files made of a product, and what it is used by: nothing beside an executable, the module
// beside WebAssembly.
struct Written {
  std::string path, header;
};
// What is made of a model, and how `--emit` calls it.
enum class Emit : uint8_t { kExecutable, kLibrary, kShared, kObject, kWasm, kSource };
inline constexpr std::array<std::pair<std::string_view, Emit>, 6> kEmits = {
    {{"exe", Emit::kExecutable},
     {"lib", Emit::kLibrary},
     {"shared", Emit::kShared},
     {"obj", Emit::kObject},
     {"wasm", Emit::kWasm},
     {"c", Emit::kSource}}};
[[nodiscard]] std::string_view word(Emit emit);
// False, reported, if this linnet was built without what executables and pools of threads for the
// target need.
[[nodiscard]] bool has_runtime(const codegen::Target& target, const Host& host);
// False, reported, if there is no such product for the target.
[[nodiscard]] bool can_make(Emit emit, const codegen::Target& target, const Host& host);

// Writes an executable at `path`, or a library, object or C file with its header in the same folder
// as NAME.h. `path` empty: NAME, libNAME.a, libNAME.so, NAME.o, NAME.wasm, NAME.c here. nullopt,
// with the reason reported, on failure.
[[nodiscard]] std::optional<Written> write(const codegen::Compiled& compiled, Emit emit,
                                           const std::string& name, const std::string& path,
                                           const Host& host);

// The object loaded into this process. nullptr, with an error, if it does not load or this CPU
// lacks the instructions.
[[nodiscard]] std::unique_ptr<codegen::Loaded> load(const Product& product, const Host& host);

}  // namespace linnet::driver
