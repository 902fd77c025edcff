// The kernels of the modules of one product, each once, and what their functions are called.
#pragma once

#include "ir/module.h"

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace linnet::codegen {

class KernelSymbols {
public:
  struct Kernel {
    const ir::Graph* graph;
    std::string hash;    // of its content, 16 hexadecimal digits
    std::string body;    // the function that Halide made
    std::string symbol;  // the function that entries call: PREFIX_<the kernel's name>
  };
  // Kernels of equal content are one, whatever their names. Two that are called the same in modules
  // of different batches, or like one of `taken`, get a number behind the name.
  KernelSymbols(std::span<const ir::Module> modules, const std::string& prefix,
                std::set<std::string> taken);

  // In order of first appearance.
  [[nodiscard]] const std::vector<Kernel>& kernels() const { return kernels_; }
  [[nodiscard]] const Kernel& of(const ir::Graph& kernel) const;

private:
  std::vector<Kernel> kernels_;
  std::map<const ir::Graph*, size_t> index_;
};

}  // namespace linnet::codegen
