// Programs of tests/targets that print one hash of a compiled model's answers, on any machine.
#pragma once

#include "tests/cli/command.h"
#include "tests/targets/machines.h"

#include <string>
#include <vector>

namespace linnet {

struct Network {
  std::string model, name, flags;
  int inputs, outputs;
  bool stream = false;  // called as NAME_step, which carries a state
};

// LeNet, a LeNet with sigmoids, an MLP, the elementary functions and roundings, a GRU's stream.
[[nodiscard]] const std::vector<Network>& networks();
[[nodiscard]] const Network& network(const std::string& name);

class OnMachines : public Command {
protected:
  void SetUp() override;

  // What a program prints that is linked with `model` as net.a; "" and a failure if it cannot.
  // `flags` are those of `linnet compile`, `program` the C file and its definitions.
  std::string printed(const Machine& machine, const std::string& model, const std::string& flags,
                      const std::string& program);
  // FNV-1a of the bits of a network's answers to 20 inputs.
  std::string hash(const Network& network, const Machine& machine);
  // They are one on all, for a schedule and roundings that are the same.
  void expect_same_bits(const Network& network, const std::vector<std::string>& on);
};

}  // namespace linnet
