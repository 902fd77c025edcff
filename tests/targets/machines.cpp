// The table of machines that tests run programs on: this one, qemu's users, qemu's boards.
#include "tests/targets/machines.h"

#include <cstdio>
#include <cstdlib>

namespace linnet {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// `command` behind a check that its tools are there.
std::string guarded(const Machine& machine, const std::string& command) {
  return "for tool in " + machine.tools + "; do command -v $tool > /dev/null || { echo \"" +
         machine.name + ": $tool is missing: apt-get install " + machine.packages +
         "\" >&2; exit 4; }; done && " + command;
}

Machine host(const std::string& name, const std::string& same_bits) {
  return {.name = name,
          .compile = "--target " + name,
          .same_bits = same_bits,
          .link_line = "cc -O1 {sources} -o {program} -lm",
          .run_line = "./{program}",
          .tools = "cc",
          .packages = "gcc"};
}

Machine linux_user(const std::string& name, const std::string& compile,
                   const std::string& same_bits, const std::string& architecture,
                   const std::string& cpu = "") {
  const std::string compiler = architecture + "-linux-gnu-gcc";
  const std::string emulator = "qemu-" + architecture + "-static";
  return {.name = name,
          .compile = "--target " + compile,
          .same_bits = same_bits,
          .link_line = compiler + " -static -O1 {sources} -o {program} -lm",
          .run_line = emulator + cpu + " ./{program}",
          .tools = compiler + " " + emulator,
          .packages = "g++-" + architecture + "-linux-gnu qemu-user-static"};
}

// Where a board has its memories. `external` stands for flash behind QSPI, `fast` for ITCM.
struct Memories {
  std::string vectors, fast, code, code_bytes, external, data;
};

Machine board(const std::string& cpu, const std::string& fpu, const std::string& model,
              const Memories& at) {
  std::string flags = "-mcpu=" + cpu + " -mthumb -mfloat-abi=hard";
  if (!fpu.empty()) flags += " -mfpu=" + fpu;
  const std::string folder = "\"$S/tests/targets/board\"";
  return {.name = cpu,
          .compile = "--target " + cpu,
          .same_bits = "--schedule-like aarch64",
          .link_line = "arm-none-eabi-gcc " + flags +
                       " -O1 -nostartfiles --specs=nano.specs -Wl,--no-warn-execstack -T " +
                       folder + "/board.ld -Wl,--defsym=vectors=" + at.vectors +
                       ",--defsym=fast=" + at.fast + ",--defsym=code=" + at.code +
                       ",--defsym=code_bytes=" + at.code_bytes +
                       ",--defsym=external=" + at.external + ",--defsym=data=" + at.data + " " +
                       folder + "/board.c {sources} -o {program} -lm",
          .run_line = "qemu-system-arm -M " + model +
                      " -nographic -monitor none -serial none -chardev stdio,id=out "
                      "-semihosting-config enable=on,target=native,chardev=out "
                      "-kernel {program} < /dev/null",
          .tools = "arm-none-eabi-gcc qemu-system-arm",
          .packages = "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
          .is_board = true};
}

// Code with Helium's vectors on the board of an M55.
Machine with_helium(Machine machine) {
  machine.name = "cortex-m55-mve";
  machine.compile = "--target cortex-m55-mve";
  return machine;
}

}  // namespace

std::string Machine::link(const std::string& sources, const std::string& program) const {
  return guarded(*this, replaced(replaced(link_line, "{sources}", sources), "{program}", program));
}

std::string Machine::run(const std::string& program) const {
  return guarded(*this, replaced(run_line, "{program}", program));
}

const std::vector<Machine>& machines() {
  static const Machine m55 =
      board("cortex-m55", "", "mps3-an547",
            {"0", "0x1000", "0x1000000", "0x200000", "0x60000000", "0x21000000"});
  static const std::vector<Machine> kMachines = {
      host("x86-64-v3", "--schedule-like aarch64"),
      host("x86-64-v2", "--schedule-like aarch64 --exact-fma"),
      linux_user("aarch64", "aarch64", "", "aarch64"),
      linux_user("cortex-a72", "aarch64:cortex-a72", "", "aarch64"),
      linux_user("riscv64", "riscv64", "--schedule-like aarch64", "riscv64"),
      linux_user("riscv64-v", "riscv64-v", "", "riscv64",
                 " -cpu rv64,v=true,vlen=256,vext_spec=v1.0"),
      board("cortex-m4", "fpv4-sp-d16", "mps2-an386",
            {"0", "0x1000", "0x100000", "0x300000", "0x21000000", "0x20000000"}),
      board("cortex-m7", "fpv5-d16", "mps2-an500",
            {"0", "0x1000", "0x100000", "0x300000", "0x60000000", "0x20000000"}),
      // Secure addresses: the chip starts so, and qemu's board lets nobody else at its memories.
      board("cortex-m33", "fpv5-sp-d16", "mps2-an505",
            {"0x10000000", "0x10001000", "0x10100000", "0x300000", "0x80000000", "0x38000000"}),
      m55, with_helium(m55)};
  return kMachines;
}

const Machine& machine(const std::string& name) {
  for (const Machine& machine : machines())
    if (machine.name == name) return machine;
  std::fprintf(stderr, "no machine '%s'\n", name.c_str());
  std::abort();
}

}  // namespace linnet
