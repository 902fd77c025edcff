// The padding of a convolution as a copy before it.
#pragma once

#include "passes/schedule/families.h"

#include <optional>

namespace linnet::passes {

// A group without its convolution's padding.
struct PaddingSplit {
  ir::Graph body;
  ir::Ints pads;      // of the picture, as pad takes them
  size_t source = 0;  // the operand that is padded
  size_t input = 0;   // of the body: reads what is padded; the last, if others read the source too
  std::string why;    // what it brings and costs
};

// nullopt unless a family but generic takes the group only so.
[[nodiscard]] std::optional<PaddingSplit> split_padding_of(const Candidate& group);

// Does a family but generic take the group, as it is or without its padding?
[[nodiscard]] bool becomes_fast(const Candidate& group);

}  // namespace linnet::passes
