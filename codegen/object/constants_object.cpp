// An ELF object with one symbol, written by hand: LLVM's assembler would hold the bytes three
// times.
#include "codegen/emit/constants.h"

#include "base/integers.h"

#include <llvm/BinaryFormat/ELF.h>

#include <cstring>

namespace linnet::codegen {
namespace {

namespace elf = llvm::ELF;

// Offset in the object, a multiple of 8.
uint64_t append(std::vector<std::byte>& object, const std::string& text) {
  object.resize(round_up(object.size(), 8));
  const uint64_t at = object.size();
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  object.insert(object.end(), bytes, bytes + text.size());
  return at;
}

elf::Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t offset, uint64_t size) {
  elf::Elf64_Shdr header{};
  header.sh_name = name;
  header.sh_type = type;
  header.sh_offset = offset;
  header.sh_size = size;
  header.sh_addralign = 8;
  return header;
}

}  // namespace

std::vector<std::byte> constants_object(std::vector<std::byte> blob, const std::string& name) {
  using namespace std::string_literals;
  const uint64_t size = blob.size();
  static_assert(sizeof(elf::Elf64_Ehdr) == ConstantPool::kAlign);  // the blob follows, aligned
  std::vector<std::byte> object = std::move(blob);
  object.insert(object.begin(), sizeof(elf::Elf64_Ehdr), std::byte{0});

  const std::string section_names = "\0.rodata\0.note.GNU-stack\0.symtab\0.strtab\0"s;
  const auto named = [&](const char* text) {
    return static_cast<uint32_t>(section_names.find("\0"s + text + "\0"s) + 1);
  };
  enum : uint16_t { kNull, kRodata, kNote, kSymbols, kNames, kSections };
  // Names of sections and of symbols are in one table.
  const std::string names = section_names + name + "\0"s;
  elf::Elf64_Sym symbols[2] = {};
  symbols[1].st_name = static_cast<uint32_t>(section_names.size());
  symbols[1].setBindingAndType(elf::STB_GLOBAL, elf::STT_OBJECT);
  symbols[1].st_other = elf::STV_HIDDEN;
  symbols[1].st_shndx = kRodata;
  symbols[1].st_size = size;

  elf::Elf64_Shdr headers[kSections] = {};
  headers[kRodata] = section(named(".rodata"), elf::SHT_PROGBITS, sizeof(elf::Elf64_Ehdr), size);
  headers[kRodata].sh_flags = elf::SHF_ALLOC;
  headers[kRodata].sh_addralign = ConstantPool::kAlign;
  headers[kNote] = section(named(".note.GNU-stack"), elf::SHT_PROGBITS, object.size(), 0);
  headers[kNote].sh_addralign = 1;
  const std::string table(reinterpret_cast<const char*>(symbols), sizeof symbols);
  headers[kSymbols] =
      section(named(".symtab"), elf::SHT_SYMTAB, append(object, table), sizeof symbols);
  headers[kSymbols].sh_link = kNames;
  headers[kSymbols].sh_info = 1;  // the first symbol that is not local
  headers[kSymbols].sh_entsize = sizeof(elf::Elf64_Sym);
  headers[kNames] = section(named(".strtab"), elf::SHT_STRTAB, append(object, names), names.size());

  elf::Elf64_Ehdr header{};
  std::memcpy(header.e_ident, elf::ElfMagic, 4);
  header.e_ident[elf::EI_CLASS] = elf::ELFCLASS64;
  header.e_ident[elf::EI_DATA] = elf::ELFDATA2LSB;
  header.e_ident[elf::EI_VERSION] = elf::EV_CURRENT;
  header.e_type = elf::ET_REL;
  header.e_machine = elf::EM_X86_64;
  header.e_version = elf::EV_CURRENT;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(elf::Elf64_Shdr);
  header.e_shnum = kSections;
  header.e_shstrndx = kNames;
  header.e_shoff =
      append(object, std::string(reinterpret_cast<const char*>(headers), sizeof headers));
  std::memcpy(object.data(), &header, sizeof header);
  return object;
}

}  // namespace linnet::codegen
