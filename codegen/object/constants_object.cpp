// An object with one symbol. ELF of 64 bits is written by hand: LLVM's assembler would hold the
// bytes three times.
#include "codegen/emit/constants.h"

#include "base/integers.h"
#include "codegen/object/object.h"
#include "support/check.h"

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/LLVMContext.h>

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

struct Machine {
  uint16_t machine;
  uint32_t flags;  // what a linker compares: the ABI of floating-point arguments
};

Machine machine_of(const TargetRecord& record) {
  switch (record.architecture) {
  case Architecture::kX86:
    return {elf::EM_X86_64, 0};
  case Architecture::kAArch64:
    return {elf::EM_AARCH64, 0};
  case Architecture::kRiscV:
    return {elf::EM_RISCV, elf::EF_RISCV_RVC | elf::EF_RISCV_FLOAT_ABI_DOUBLE};
  case Architecture::kArm:
  case Architecture::kWasm:
    break;
  }
  LINNET_CHECK(false, std::string(record.name) + " has no ELF of 64 bits");
}

std::vector<std::byte> by_llvm(const std::vector<std::byte>& blob, const std::string& name,
                               const Target& target) {
  llvm::LLVMContext context;
  llvm::Module module(name, context);
  auto* data = llvm::ConstantDataArray::getRaw(
      llvm::StringRef(reinterpret_cast<const char*>(blob.data()), blob.size()), blob.size(),
      llvm::Type::getInt8Ty(context));
  auto* variable = new llvm::GlobalVariable(module, data->getType(), true,
                                            llvm::GlobalValue::ExternalLinkage, data, name);
  variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
  variable->setAlignment(llvm::Align(ConstantPool::kAlign));
  variable->setSection(target.constants_section);
  return emit_object(module, target);
}

std::vector<std::byte> by_hand(std::vector<std::byte> blob, const std::string& name,
                               const Machine& machine, const std::string& section_name) {
  using namespace std::string_literals;
  const uint64_t size = blob.size();
  static_assert(sizeof(elf::Elf64_Ehdr) == ConstantPool::kAlign);  // the blob follows, aligned
  std::vector<std::byte> object = std::move(blob);
  object.insert(object.begin(), sizeof(elf::Elf64_Ehdr), std::byte{0});

  const std::string section_names = "\0"s + section_name + "\0.note.GNU-stack\0.symtab\0.strtab\0"s;
  const auto named = [&](const std::string& text) {
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
  headers[kRodata] = section(named(section_name), elf::SHT_PROGBITS, sizeof(elf::Elf64_Ehdr), size);
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
  header.e_machine = machine.machine;
  header.e_flags = machine.flags;
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

}  // namespace

std::vector<std::byte> constants_object(std::vector<std::byte> blob, const std::string& name,
                                        const Target& target) {
  if (target.record.format != ObjectFormat::kElf64) return by_llvm(blob, name, target);
  const std::string& section = target.constants_section;
  return by_hand(std::move(blob), name, machine_of(target.record),
                 section.empty() ? ".rodata" : section);
}

}  // namespace linnet::codegen
