// The machines of tests/targets: how a C program is linked with a library of linnet's, and run.
#pragma once

#include <string>
#include <vector>

namespace linnet {

struct Machine {
  std::string name;       // one word, of messages and `machine()`
  std::string compile;    // arguments of `linnet compile`: "--target aarch64:cortex-a72"
  std::string same_bits;  // further arguments, by which sums have the order and rounding of aarch64
  std::string link_line;  // with {sources} and {program}
  std::string run_line;   // with {program}
  std::string tools;      // what the two lines call, apart from a shell
  std::string packages;   // Debian's, that have them
  bool is_board = false;  // bare metal: 4 MB of memory, no files

  // Shell commands for a program in the working folder; `sources` are C files, libraries and flags.
  // Both fail with the line that installs what is missing. What runs has the program's output and
  // its exit status.
  [[nodiscard]] std::string link(const std::string& sources,
                                 const std::string& program = "program") const;
  [[nodiscard]] std::string run(const std::string& program = "program") const;
};

[[nodiscard]] const std::vector<Machine>& machines();
[[nodiscard]] const Machine& machine(const std::string& name);

}  // namespace linnet
