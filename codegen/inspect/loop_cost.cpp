// Runs a loop's instructions through LLVM's simulator and reads off what holds them up.
#include "codegen/inspect/loop_cost.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCSchedule.h>
#include <llvm/MCA/Context.h>
#include <llvm/MCA/CustomBehaviour.h>
#include <llvm/MCA/HWEventListener.h>
#include <llvm/MCA/InstrBuilder.h>
#include <llvm/MCA/Pipeline.h>
#include <llvm/MCA/SourceMgr.h>

#include <algorithm>
#include <map>
#include <mutex>

extern "C" {
void LLVMInitializeX86TargetMCA();
void LLVMInitializeRISCVTargetMCA();
}

namespace linnet::codegen {
namespace {

// Iterations until the machine's queues are full, and those that are timed behind them.
constexpr unsigned kWarmUp = 100;
constexpr unsigned kTimed = 100;
// A resource that is busy for this share of the time is what the loop waits for.
constexpr double kFull = 0.9;
constexpr unsigned kCallLatency = 100;  // of calls, which are left out

void register_models() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetMCA();
    LLVMInitializeRISCVTargetMCA();
  });
}

// Which unit of which resource an instruction occupies, and who waits for whose result.
class Observer : public llvm::mca::HWEventListener {
public:
  explicit Observer(size_t instructions) : waits(instructions, 0), uses(instructions) {}

  using Unit = std::pair<uint64_t, unsigned>;  // the resource, its unit
  std::vector<double> waits;                   // cycles that others waited for each instruction
  std::vector<std::map<Unit, double>> uses;    // cycles, all iterations
  unsigned first = 0;                          // instructions before it are not counted

  void onEvent(const llvm::mca::HWInstructionEvent& event) override {
    if (event.Type != llvm::mca::HWInstructionEvent::Issued) return;
    const unsigned number = event.IR.getSourceIndex();
    if (number < first) return;
    const auto& issued = static_cast<const llvm::mca::HWInstructionIssuedEvent&>(event);
    // Of its operands the one that came last.
    llvm::mca::CriticalDependency last{};
    for (const llvm::mca::ReadState& read : event.IR.getInstruction()->getUses()) {
      if (read.getCriticalRegDep().Cycles > last.Cycles) last = read.getCriticalRegDep();
    }
    if (last.Cycles > 0) waits[last.IID % waits.size()] += last.Cycles;
    for (const auto& [unit, cycles] : issued.UsedResources) {
      const auto which = static_cast<unsigned>(llvm::countr_zero(unit.second));
      uses[number % uses.size()][{unit.first, which}] += cycles;
    }
  }
};

struct Step {
  size_t line;
  llvm::MCInst instruction;
};

// "VMOVUPSZrm" of "VBROADCASTSSZrm", "" of what is no broadcast of an element in memory.
std::string plain_load(std::string_view name) {
  constexpr std::string_view kBroadcast = "VBROADCAST";
  if (!name.starts_with(kBroadcast) || !name.ends_with("rm")) return "";
  name.remove_prefix(kBroadcast.size());
  if (!name.starts_with("SS") && !name.starts_with("SD")) return "";
  return "VMOVUP" + std::string(name.substr(1));
}

// x86-64's load units broadcast an element as they read it. LLVM's models of Zen 4 and 5 count it
// as a multiplication besides: a loop of 16 multiply-adds of 512 bits and 6 broadcasts would take
// 22 cycles, and takes 16 (Zen 4, x · wᵀ of 64 × 784 × 1000). So a plain load takes its place.
class Broadcasts {
public:
  explicit Broadcasts(const llvm::MCInstrInfo& instructions) : instructions_(instructions) {
    for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
      if (instructions.getName(opcode).starts_with("VMOVUP"))
        loads_.emplace(instructions.getName(opcode).str(), opcode);
    }
  }
  void replace(llvm::MCInst& instruction) const {
    const std::string load = plain_load(instructions_.getName(instruction.getOpcode()));
    const auto at = loads_.find(load);
    if (at != loads_.end()) instruction.setOpcode(at->second);
  }

private:
  const llvm::MCInstrInfo& instructions_;
  std::map<std::string, unsigned> loads_;
};

// What is simulated of the lines: neither calls nor returns, behind which all begins anew.
std::vector<Step> steps_of(const MachineCode& code, const CodeRange& range,
                           const Machine& machine) {
  const Broadcasts broadcasts(*machine.instructions);
  std::vector<Step> steps;
  for (size_t line = range.first; line <= range.last; ++line) {
    for (llvm::MCInst instruction : code.lines[line].instructions) {
      const llvm::MCInstrDesc& what = machine.instructions->get(instruction.getOpcode());
      if (what.isCall() || what.isReturn()) continue;
      broadcasts.replace(instruction);
      steps.push_back({line, std::move(instruction)});
    }
  }
  return steps;
}

class Simulation {
public:
  Simulation(std::vector<Step> steps, const Machine& machine,
             const llvm::MCSubtargetInfo& subtarget)
      : steps_(std::move(steps)), machine_(machine), subtarget_(subtarget),
        analysis_(machine.back_end.createMCInstrAnalysis(machine.instructions.get())),
        instruments_(machine.back_end.createInstrumentManager(subtarget, *machine.instructions)) {
    if (!instruments_) {
      instruments_ =
          std::make_unique<llvm::mca::InstrumentManager>(subtarget, *machine.instructions);
    }
  }

  // "" or why the model cannot run it.
  std::string run(unsigned iterations, unsigned from, Observer& observer, unsigned& cycles) {
    // It owns what it says of instructions.
    llvm::mca::InstrBuilder builder(subtarget_, *machine_.instructions, *machine_.registers,
                                    analysis_.get(), *instruments_, kCallLatency);
    std::vector<std::unique_ptr<llvm::mca::Instruction>> sequence;
    if (std::string fault = build(builder, sequence); !fault.empty()) return fault;
    observer.first = from * static_cast<unsigned>(steps_.size());
    llvm::mca::CircularSourceMgr source(sequence, iterations);
    std::unique_ptr<llvm::mca::CustomBehaviour> behaviour(
        machine_.back_end.createCustomBehaviour(subtarget_, source, *machine_.instructions));
    if (!behaviour) {
      behaviour =
          std::make_unique<llvm::mca::CustomBehaviour>(subtarget_, source, *machine_.instructions);
    }
    llvm::mca::Context context(*machine_.registers, subtarget_);
    // No limits but the model's own; loads do not wait for stores to other addresses.
    const llvm::mca::PipelineOptions options(0, 0, 0, 0, 0, 0, true);
    auto pipeline = subtarget_.getSchedModel().isOutOfOrder()
                        ? context.createDefaultPipeline(options, source, *behaviour)
                        : context.createInOrderPipeline(options, source, *behaviour);
    pipeline->addEventListener(&observer);
    auto spent = pipeline->run();
    if (!spent) return llvm::toString(spent.takeError());
    cycles = *spent;
    return "";
  }

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  std::vector<unsigned> latencies;  // of each step
  double uops = 0;                  // of an iteration

private:
  std::string build(llvm::mca::InstrBuilder& builder,
                    std::vector<std::unique_ptr<llvm::mca::Instruction>>& sequence) {
    std::unique_ptr<llvm::mca::InstrPostProcess> post(
        machine_.back_end.createInstrPostProcess(subtarget_, *machine_.instructions));
    latencies.clear();
    uops = 0;
    std::vector<llvm::mca::UniqueInstrument> kept;  // RISC-V: the last lengths of vectors
    for (const Step& step : steps_) {
      for (llvm::mca::UniqueInstrument& own : instruments_->createInstruments(step.instruction)) {
        std::erase_if(kept, [&](const auto& old) { return old->getDesc() == own->getDesc(); });
        kept.push_back(std::move(own));
      }
      llvm::SmallVector<llvm::mca::Instrument*> in_force;
      for (const llvm::mca::UniqueInstrument& one : kept)
        in_force.push_back(one.get());
      auto made = builder.createInstruction(step.instruction, in_force);
      if (!made) return llvm::toString(made.takeError());
      if (post) post->postProcessInstruction(**made, step.instruction);
      latencies.push_back((*made)->getLatency());
      uops += (*made)->getNumMicroOps();
      sequence.push_back(std::move(*made));
    }
    return "";
  }

  std::vector<Step> steps_;
  const Machine& machine_;
  const llvm::MCSubtargetInfo& subtarget_;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis_;
  std::unique_ptr<llvm::mca::InstrumentManager> instruments_;
};

std::string unit_name(const llvm::MCSchedModel& model, const Observer::Unit& unit) {
  const llvm::MCProcResourceDesc& resource = *model.getProcResource(unit.first);
  return resource.NumUnits > 1 ? fmt::format("{}.{}", resource.Name, unit.second)
                               : std::string(resource.Name);
}

// The CPU whose model is taken: the one tuned for, or the target's own.
std::string modelled_cpu(const Machine& machine) {
  const std::string& tune = machine.target.tune;
  return tune.empty() || tune == "generic" ? std::string(machine.target.record.cpu) : tune;
}

// Other CPUs that LLVM gives the same model: whose it is cannot be asked.
std::string model_note(const std::string& cpu, const llvm::MCSubtargetInfo& subtarget) {
  std::vector<std::string> others;
  for (const llvm::SubtargetSubTypeKV& one : subtarget.getAllProcessorDescriptions()) {
    if (one.SchedModel == &subtarget.getSchedModel() && one.Key != cpu)
      others.emplace_back(one.Key);
  }
  if (others.empty()) return "";
  constexpr size_t kNamed = 3;
  const size_t more = others.size() - std::min(others.size(), kNamed);
  others.resize(others.size() - more);
  return fmt::format("LLVM has one model for {}, {}{}", cpu, fmt::join(others, ", "),
                     more ? fmt::format(" and {} more", more) : "");
}

// What cycles of an iteration are spent on.
std::string bottleneck(const LoopCost& cost, const llvm::MCSchedModel& model,
                       const MachineCode& code, const Simulation& simulation,
                       const Observer& observer) {
  const auto busiest = std::ranges::max_element(cost.ports, {}, &PortLoad::cycles);
  if (busiest != cost.ports.end() && busiest->cycles >= kFull * cost.cycles)
    return "port " + busiest->name;
  if (cost.uops / model.IssueWidth >= kFull * cost.cycles) return "front end";
  const auto longest = std::ranges::max_element(observer.waits);
  if (longest != observer.waits.end() && *longest > 0) {
    const Step& step = simulation.steps()[static_cast<size_t>(longest - observer.waits.begin())];
    return fmt::format("latency of {}", mnemonic(code.lines[step.line].text));
  }
  return "queues of the scheduler";
}

void set_ports(LoopCost& cost, const llvm::MCSchedModel& model, const Simulation& simulation,
               const Observer& observer) {
  std::map<Observer::Unit, double> all;
  std::map<size_t, LineCost> lines;
  for (size_t i = 0; i < observer.uses.size(); ++i) {
    const size_t line = simulation.steps()[i].line;
    LineCost& own = lines[line];
    own.line = static_cast<int64_t>(line);
    own.latency = std::max<double>(own.latency, simulation.latencies[i]);
    for (const auto& [unit, cycles] : observer.uses[i]) {
      all[unit] += cycles / kTimed;
      own.ports += fmt::format("{}{} {:.2g}", own.ports.empty() ? "" : ", ", unit_name(model, unit),
                               cycles / kTimed);
    }
  }
  for (const auto& [unit, cycles] : all)
    cost.ports.push_back({unit_name(model, unit), cycles});
  for (auto& [line, own] : lines)
    cost.lines.push_back(std::move(own));
}

}  // namespace

FoundCost loop_cost(const MachineCode& code, const CodeRange& range, const Machine& machine) {
  register_models();
  const std::string cpu = modelled_cpu(machine);
  const auto subtarget = machine.subtarget_of(cpu);
  const llvm::MCSchedModel& model = subtarget->getSchedModel();
  if (!model.hasInstrSchedModel())
    return {std::nullopt, fmt::format("LLVM has no model of {}'s instructions", cpu)};
  std::vector<Step> steps = steps_of(code, range, machine);
  if (steps.empty()) return {std::nullopt, "there is nothing to run"};
  Simulation simulation(std::move(steps), machine, *subtarget);
  Observer short_run(simulation.steps().size()), observer(simulation.steps().size());
  unsigned warm = 0, whole = 0;
  std::string fault = simulation.run(kWarmUp, 0, short_run, warm);
  if (fault.empty()) fault = simulation.run(kWarmUp + kTimed, kWarmUp, observer, whole);
  if (!fault.empty()) return {std::nullopt, fmt::format("LLVM's model of {}: {}", cpu, fault)};
  LoopCost cost;
  cost.cpu = cpu;
  cost.note = model_note(cpu, *subtarget);
  cost.cycles = static_cast<double>(whole - warm) / kTimed;
  cost.uops = simulation.uops;
  cost.ipc = cost.cycles > 0 ? static_cast<double>(simulation.steps().size()) / cost.cycles : 0;
  set_ports(cost, model, simulation, observer);
  cost.bottleneck = bottleneck(cost, model, code, simulation, observer);
  return {std::move(cost), ""};
}

}  // namespace linnet::codegen
