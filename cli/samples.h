// The samples that a model is called with to see what it computes: files, or random numbers.
#pragma once

#include "cli/tensor_files.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

using Sample = std::vector<Tensor>;  // of each input, in order

// `count` samples of standard normal numbers (integers: 0 or 1, for they may be indices), the same
// for every machine by `seed`.
[[nodiscard]] std::vector<Sample> random_samples(std::span<const Port> ports, int64_t count,
                                                 uint64_t seed);
// The samples in the files of --input, one by one. `stacked`: dimension 0 of each file counts them.
// nullopt, with every fault reported, otherwise.
[[nodiscard]] std::optional<std::vector<Sample>>
samples_in_files(Session& session, const std::vector<std::string>& assignments,
                 std::span<const Port> ports, bool stacked);
// The other way: all samples along dimension 0 of each tensor.
[[nodiscard]] std::vector<Tensor> stacked(const std::vector<Sample>& samples);

// Where the node that makes the value is, or the input, in the model; "" if that is not known.
[[nodiscard]] std::string place_of(const Session& session, const ir::Graph& graph,
                                   ir::ValueId value);

}  // namespace linnet::cli
