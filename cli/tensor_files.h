// `--input NAME=F.npy` in, NAME.npy out: tensors as they are, no decoding.
#pragma once

#include "cli/session.h"
#include "ir/module.h"

#include "base/io/tensor.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linnet::cli {

// An input or output as the model declares it, for one sample.
struct Port {
  std::string name;
  ir::Type type;
};

// The inputs and outputs of the first graph that are no slots.
[[nodiscard]] std::vector<Port> input_ports(const ir::Module& module);
[[nodiscard]] std::vector<Port> output_ports(const ir::Module& module);

// Reads one file for each port: by name, or `@0` by position. `samples` is 0 on entry or the
// count wanted; with `batched`, dimension 0 of every file may be any multiple of the port's,
// the same for all, which `samples` tells. Floating-point files are converted to the port's
// type with a remark. nullopt, with every fault reported, otherwise.
[[nodiscard]] std::optional<std::vector<Tensor>>
read_inputs(Session& session, const std::vector<std::string>& assignments,
            std::span<const Port> ports, bool batched, int64_t& samples);

// Writes FOLDER/NAME.npy, `@0.npy` for a name that is no file name. The folder is made if its
// parent exists.
[[nodiscard]] Status write_outputs(Session& session, const std::string& folder,
                                   std::span<const Port> ports, std::span<const Tensor> tensors);

}  // namespace linnet::cli
