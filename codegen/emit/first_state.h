// What a model's state is before the first step.
#pragma once

#include "codegen/emit/compile.h"
#include "ir/module.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace linnet::codegen {

// What a state begins with: SHA-256 of the model, its weights and the state's layout.
inline constexpr size_t kStateTagBytes = 32;
using StateTag = std::array<uint64_t, kStateTagBytes / 8>;
[[nodiscard]] StateTag state_tag(const ir::Module& module, const CompileOptions& options);

// The whole state before the first step.
[[nodiscard]] std::vector<uint8_t> first_state(const ir::Module& module,
                                               const CompileOptions& options);

// linnet_stream_v1's `warmup`: steps until every window of the graph holds values of the series.
[[nodiscard]] int64_t warmup_steps(const ir::Module& module, const ir::Graph& step);

}  // namespace linnet::codegen
