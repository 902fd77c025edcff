// What NAME_run_u8 needs to know of a model of pictures.
#pragma once

#include "codegen/ports.h"

#include <cstdint>
#include <optional>

namespace linnet::codegen {

// The picture a model takes, if it has one input, which `data` declares as one.
[[nodiscard]] std::optional<ImageInfo> picture_of(const Ports& ports);

// Bytes of arena behind the plan's that hold the decoded picture.
[[nodiscard]] int64_t decoded_bytes(const Ports& ports);

}  // namespace linnet::codegen
