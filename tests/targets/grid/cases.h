// The cases of the grid: kernels, ops, models, streams and calls, for one target.
#pragma once

#include "driver/compile.h"
#include "tests/targets/grid/program.h"

#include <optional>
#include <string>
#include <vector>

namespace linnet::grid {

// `target` with the schedules of `like` ("": its own), exact multiply-adds if `exact`.
[[nodiscard]] codegen::Target target_of(const std::string& target, const std::string& like = "",
                                        bool exact = false);

// Every n-th legal schedule of each family, `sample` of a family at most.
[[nodiscard]] std::vector<Case> kernel_cases(const codegen::Target& target, size_t sample);
// Elementwise ops of every type and op cases of tests/ops; every `step`-th of them.
[[nodiscard]] std::vector<Case> op_cases(const codegen::Target& target, size_t step);

// A model of models/.
struct Network {
  std::string name;
  std::string weights{};  // of models/data; "": initial values
};
// Answers to random inputs, twice: the bits are those of this machine for the same schedules.
[[nodiscard]] Case model_case(const Network& network, const codegen::Target& target);
// 40 steps one by one, in a block, and in two streams that alternate: this machine's bits.
[[nodiscard]] Case stream_case(const Network& network, const codegen::Target& target);
// A bad arena is refused; inputs at every offset of 4 bytes, two arenas that alternate: the same
// bits; nothing that is not there is called, nothing that can be written belongs to the library.
[[nodiscard]] Case call_case(const Network& network, const codegen::Target& target);

// Memory of an arena or state that nobody has written yet.
[[nodiscard]] std::vector<std::byte> signalling_nans(int64_t bytes);
[[nodiscard]] std::vector<std::vector<std::byte>> objects_of(codegen::Compiled compiled);

// FNV-1a of a model's answers as model_case takes them.
[[nodiscard]] std::string hash(const std::vector<std::byte>& bytes);

}  // namespace linnet::grid
