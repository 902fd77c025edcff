// WebAssembly objects → one module.
#include "codegen/object/link_wasm.h"

#include "codegen/cache/hash.h"
#include "codegen/object/lld.h"
#include "codegen/object/work_folder.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "base/text.h"
#include "support/check.h"

#include <fmt/format.h>

#include <llvm/Object/Wasm.h>
#include <llvm/Support/LEB128.h>
#include <llvm/Support/raw_ostream.h>

#include <cctype>
#include <cerrno>
#include <cstring>

namespace linnet::codegen {
namespace {

constexpr int64_t kStackAlign = 16;  // of the C ABI for WebAssembly

tl::unexpected<Failure> machine(std::string message) {
  return tl::unexpected(Failure{Status::kMachine, std::move(message), "set TMPDIR"});
}

// The initial value of the exported global, which is a constant.
int64_t global(const std::vector<std::byte>& bytes, llvm::StringRef name) {
  const llvm::MemoryBufferRef buffer(
      llvm::StringRef(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "module");
  const auto file = llvm::cantFail(llvm::object::ObjectFile::createWasmObjectFile(buffer));
  for (const llvm::wasm::WasmExport& exported : file->exports()) {
    if (exported.Name != name || exported.Kind != llvm::wasm::WASM_EXTERNAL_GLOBAL) continue;
    const uint32_t index = exported.Index - file->getNumImportedGlobals();
    return file->globals()[index].InitExpr.Inst.Value.Int32;
  }
  throw InternalError("the module has no " + name.str());
}

// Appends a custom section (WebAssembly core specification, 5.5.3): 0, size, name, contents.
void add_section(std::vector<std::byte>& module, const std::string& name,
                 const std::string& contents) {
  std::string text;
  llvm::raw_string_ostream out(text);
  std::string body;
  llvm::raw_string_ostream inside(body);
  llvm::encodeULEB128(name.size(), inside);
  inside << name << contents;
  out << '\0';
  llvm::encodeULEB128(body.size(), out);
  out << body;
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  module.insert(module.end(), begin, begin + text.size());
}

// A file's name as a relative address.
std::string address(std::string_view name) {
  std::string text = "./";
  for (const char c : name) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    text += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace

Result<WasmModule, Failure> link_wasm(const Compiled& compiled,
                                      std::span<const std::string> exports) {
  WorkFolder folder;
  if (!folder.ok()) return machine(folder.path() + ": " + std::strerror(errno));
  std::vector<std::string> command = {
      "wasm-ld",
      "--no-entry",
      "--import-memory",
      "--stack-first",
      "--threads=1",
      "--export=__heap_base",
      "-z",
      fmt::format("stack-size={}", round_up(compiled.stack_bytes, kStackAlign)),
      "-o",
      folder.file("module.wasm")};
  const std::string output = command.back();
  if (!compiled.debug_symbols) command.emplace_back("--strip-all");
  for (const std::string& function : exports)
    command.push_back("--export=" + function);
  for (const auto* bytes : {&compiled.object, &compiled.constants}) {
    if (bytes->empty()) continue;
    command.push_back(folder.file(bytes == &compiled.object ? "model.o" : "constants.o"));
    const std::span content(reinterpret_cast<const uint8_t*>(bytes->data()), bytes->size());
    if (const auto done = write_file(command.back(), content); !done)
      return machine(done.error().message);
  }
  run_lld(command, &lld::wasm::link);
  const auto read = read_file(output);
  if (!read) return machine(read.error().message);
  WasmModule module;
  const auto* begin = reinterpret_cast<const std::byte*>(read->data());
  module.bytes.assign(begin, begin + read->size());
  module.heap_base = global(module.bytes, "__heap_base");
  constexpr size_t kDigits = 16;  // enough to tell one compilation from another
  module.id =
      compiled.name + ' ' +
      sha256({reinterpret_cast<const char*>(read->data()), read->size()}).substr(0, kDigits);
  add_section(module.bytes, "linnet", module.id);
  return module;
}

Result<void, Failure> write_wasm(const Compiled& compiled, const std::string& path) {
  const std::string base(without_suffix(path, ".wasm"));
  const std::string head =
      fmt::format("// Model {}, compiled by linnet {} for {}: import it, and `await load()`.\n"
                  "const WASM = new URL(\"{}\", import.meta.url);\n",
                  compiled.name, LINNET_VERSION, compiled.target, address(file_name(path)));
  const auto failure = [](const Error& error) { return Failure{error.status, error.message, ""}; };
  const std::span wasm(reinterpret_cast<const uint8_t*>(compiled.wasm.data()),
                       compiled.wasm.size());
  LINNET_TRY(write_file(path, wasm).map_error(failure));
  LINNET_TRY(write_file(base + ".mjs", head + compiled.es_module).map_error(failure));
  LINNET_TRY(write_file(base + ".d.mts", compiled.es_types).map_error(failure));
  return {};
}

}  // namespace linnet::codegen
