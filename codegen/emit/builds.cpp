// Build ids of linnet and its libraries, read from the running process, for keys of the cache.
#include "codegen/emit/builds.h"

#include "base/integers.h"
#include "base/io/file.h"
#include "base/text.h"
#include "codegen/cache/hash.h"

#include <fmt/format.h>

#include <cstring>
#include <elf.h>
#include <link.h>
#include <string_view>

namespace linnet::codegen {
namespace {

// The note that the linker leaves in an object; "" if it has none.
std::string build_id(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const Elf64_Phdr& segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const auto* at = reinterpret_cast<const uint8_t*>(object.dlpi_addr + segment.p_vaddr);
    const uint8_t* end = at + segment.p_memsz;
    const size_t unit = segment.p_align == 8 ? 8 : 4;
    const auto padded = [&](size_t bytes) { return round_up(bytes, unit); };
    while (at + sizeof(Elf64_Nhdr) <= end) {
      Elf64_Nhdr note;
      std::memcpy(&note, at, sizeof note);
      const uint8_t* name = at + sizeof note;
      const uint8_t* id = name + padded(note.n_namesz);
      at = id + padded(note.n_descsz);
      if (at > end || note.n_type != NT_GNU_BUILD_ID) continue;
      if (note.n_namesz != 4 || std::memcmp(name, "GNU", 4) != 0) continue;
      std::string text;
      for (size_t k = 0; k < note.n_descsz; ++k)
        text += fmt::format("{:02x}", id[k]);
      return text;
    }
  }
  return "";
}

// Is that address in the object?
bool holds(const dl_phdr_info& object, uintptr_t address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const Elf64_Phdr& segment = object.dlpi_phdr[i];
    const uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && begin <= address && address - begin < segment.p_memsz)
      return true;
  }
  return false;
}

// Of the object with linnet in it, the executable or liblinnet.so, and of what it is made by. The
// executable has no name.
int visit(dl_phdr_info* object, size_t, void* data) {
  const std::string_view path = object->dlpi_name;
  const std::string_view name = file_name(path);
  const bool linnet = holds(*object, reinterpret_cast<uintptr_t>(&visit));
  if (!linnet && !name.starts_with("libHalide") && !name.starts_with("libLLVM")) return 0;
  std::string id = build_id(*object);
  if (id.empty()) {  // rare, and slow: what the file holds says it as well
    const auto bytes = read_file(path.empty() ? "/proc/self/exe" : std::string(path));
    if (bytes) id = sha256({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  }
  *static_cast<std::string*>(data) += id + " ";
  return 0;
}

}  // namespace

const std::string& builds() {
  static const std::string text = [] {
    std::string ids;
    dl_iterate_phdr(visit, &ids);
    return ids;
  }();
  return text;
}

}  // namespace linnet::codegen
