// Reads assembly by LLVM's own parser and finds the loops in it.
#include "codegen/inspect/machine_code.h"

#include "codegen/object/llvm_target.h"

#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>
#include <map>
#include <utility>

namespace linnet::codegen {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == text.npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// `%"1_for_part.s1.k$x.i"` or `%entry` in a remark: the block's name, "" if there is none.
std::string block_name(std::string_view remark) {
  const size_t at = remark.find('%', remark.starts_with("%bb.") ? 1 : 0);
  if (at == remark.npos) return "";
  std::string_view name = remark.substr(at + 1);
  if (!name.starts_with('"')) return std::string(name.substr(0, name.find_first_of(" \t,")));
  name.remove_prefix(1);
  return std::string(name.substr(0, name.find('"')));
}

struct Statement {
  std::string_view code, remark;
};

// What stands before LLVM's remark, and the remark. Its sign is in no operand.
Statement split(std::string_view line, std::string_view sign) {
  const size_t at = line.find(sign);
  const std::string_view code = line.substr(0, at);
  return {code.substr(0, code.find_last_not_of(" \t") + 1),
          at == line.npos ? "" : trimmed(line.substr(at + sign.size()))};
}

// Labels and instructions, with what LLVM remarks of blocks and spills.
std::vector<CodeLine> code_lines(std::string_view text, std::string_view sign) {
  std::vector<CodeLine> lines;
  std::string block;  // remarked in a line of its own, for the next
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto [code, remark] = split(line, sign);
    const std::string_view bare = trimmed(code);
    if (bare.empty()) {
      if (remark.starts_with("%bb.")) block = block_name(remark);
      continue;
    }
    const bool label = bare.ends_with(':');
    if (!label && bare.starts_with('.')) continue;
    if (label && bare.find("func_begin") != bare.npos) continue;
    if (label && bare.find("func_end") != bare.npos) continue;
    CodeLine one{std::string(code)};
    one.block = std::exchange(block, "");
    if (label) {
      one.label = std::string(bare.substr(0, bare.size() - 1));
      if (remark.starts_with('%')) one.block = block_name(remark);
    }
    one.spills = remark.find("Spill") != remark.npos || remark.find("Reload") != remark.npos;
    lines.push_back(std::move(one));
  }
  return lines;
}

// Keeps what the parser reads, by the line it stands in.
class Collector : public llvm::MCStreamer {
public:
  Collector(llvm::MCContext& context, const llvm::SourceMgr& sources, std::vector<CodeLine>& lines)
      : llvm::MCStreamer(context), sources_(sources), lines_(lines) {}

  void emitInstruction(const llvm::MCInst& instruction, const llvm::MCSubtargetInfo&) override {
    if (instruction.getLoc().isValid()) line_ = sources_.FindLineNumber(instruction.getLoc());
    if (line_ < 1 || line_ > lines_.size()) return;
    llvm::MCInst copy = instruction;
    for (llvm::MCOperand& operand : copy) {  // expressions live as long as the parser
      if (operand.isExpr()) operand = llvm::MCOperand::createImm(0);
    }
    lines_[line_ - 1].instructions.push_back(std::move(copy));
  }
  void emitLabel(llvm::MCSymbol*, llvm::SMLoc) override {}
  bool emitSymbolAttribute(llvm::MCSymbol*, llvm::MCSymbolAttr) override { return true; }
  void emitCommonSymbol(llvm::MCSymbol*, uint64_t, llvm::Align) override {}

private:
  const llvm::SourceMgr& sources_;
  std::vector<CodeLine>& lines_;
  unsigned line_ = 0;
};

// "" or LLVM's first complaint.
std::string parse(std::vector<CodeLine>& lines, const std::string& text, const Machine& machine) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(text, "", false), llvm::SMLoc());
  std::string fault;
  sources.setDiagHandler(
      [](const llvm::SMDiagnostic& diagnostic, void* to) {
        auto& first = *static_cast<std::string*>(to);
        if (first.empty() && diagnostic.getKind() == llvm::SourceMgr::DK_Error)
          first = diagnostic.getMessage().str() + ": " + diagnostic.getLineContents().str();
      },
      &fault);
  llvm::MCContext context(machine.triple, machine.syntax.get(), machine.registers.get(),
                          machine.subtarget.get(), &sources, &machine.options);
  const std::unique_ptr<llvm::MCObjectFileInfo> sections(
      machine.back_end.createMCObjectFileInfo(context, false));
  context.setObjectFileInfo(sections.get());
  Collector collector(context, sources, lines);
  machine.back_end.createNullTargetStreamer(collector);
  const std::unique_ptr<llvm::MCAsmParser> parser(
      llvm::createMCAsmParser(sources, context, collector, *machine.syntax));
  const std::unique_ptr<llvm::MCTargetAsmParser> instructions(machine.back_end.createMCAsmParser(
      *machine.subtarget, *parser, *machine.instructions, machine.options));
  if (!instructions) return "LLVM reads no assembly of it";
  parser->setTargetParser(*instructions);
  if (parser->Run(false, true) && fault.empty()) fault = "LLVM does not read its own assembly";
  return fault;
}

// The label at the end of a branch's operands.
std::string_view branch_target(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text.substr(text.find_last_of(" \t,(") + 1);
}

void find_ranges(MachineCode& code, const Machine& machine) {
  std::map<std::string, size_t, std::less<>> labels;
  for (size_t i = 0; i < code.lines.size(); ++i) {
    if (!code.lines[i].label.empty()) labels[code.lines[i].label] = i;
  }
  std::map<size_t, size_t> back;  // a loop's last line by its first
  size_t begin = 0;
  const auto end_block = [&](size_t last) {
    if (last + 1 > begin) code.blocks.push_back({begin, last});
    begin = last + 1;
  };
  for (size_t i = 0; i < code.lines.size(); ++i) {
    const CodeLine& line = code.lines[i];
    if (!line.label.empty() && i > begin) end_block(i - 1);
    const bool leaves = std::ranges::any_of(line.instructions, [&](const llvm::MCInst& one) {
      const llvm::MCInstrDesc& what = machine.instructions->get(one.getOpcode());
      return what.isBranch() || what.isReturn();
    });
    if (!leaves) continue;
    end_block(i);
    const auto target = labels.find(branch_target(line.text));
    if (target == labels.end() || target->second > i) continue;
    size_t& last = back[target->second];
    last = std::max(last, i);
  }
  if (begin < code.lines.size()) end_block(code.lines.size() - 1);
  for (const auto& [first, last] : back)
    code.loops.push_back({first, last});
}

}  // namespace

Machine::Machine(const Target& of)
    : target(of), back_end(llvm_target(of.record)), triple(std::string(of.record.triple)) {
  options.ABIName = std::string(of.record.abi);
  registers.reset(back_end.createMCRegInfo(triple));
  syntax.reset(back_end.createMCAsmInfo(*registers, triple, options));
  instructions.reset(back_end.createMCInstrInfo());
  subtarget = subtarget_of(std::string(of.record.cpu));
}

std::unique_ptr<llvm::MCSubtargetInfo> Machine::subtarget_of(const std::string& cpu) const {
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      back_end.createMCSubtargetInfo(triple, cpu, std::string(target.record.features)));
}

std::string MachineCode::text() const {
  std::string all;
  for (const CodeLine& line : lines)
    all += line.text + "\n";
  return all;
}

MachineCode read_assembly(std::string_view text, const Machine& machine) {
  MachineCode code;
  code.lines = code_lines(text, std::string_view(machine.syntax->getCommentString()));
  // Its blocks have no labels, and LLVM's parser wants the whole module.
  code.fault = machine.target.record.architecture == Architecture::kWasm
                   ? "WebAssembly is no machine code yet"
                   : parse(code.lines, code.text(), machine);
  if (code.fault.empty()) {
    find_ranges(code, machine);
  } else {
    for (CodeLine& line : code.lines)
      line.instructions.clear();
  }
  return code;
}

std::string_view mnemonic(std::string_view line) {
  const std::string_view text = trimmed(line);
  return text.substr(0, text.find_first_of(" \t"));
}

}  // namespace linnet::codegen
