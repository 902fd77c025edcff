// From a sample that shows a fault to a small one that still does.
#pragma once

#include "driver/bisect/sample.h"

#include <functional>

namespace linnet::driver {

using Shows = std::function<bool(const Sample&)>;

// Leaves out nodes by delta debugging (Zeller and Hildebrandt, 2002), then outputs, then makes
// dimensions smaller, as long as `shows` says yes; it is asked at most `most` times. `sample`
// itself shows it. `seed`: of slots without a value.
[[nodiscard]] Sample shrink(Sample sample, const Shows& shows, uint64_t seed, int most);

}  // namespace linnet::driver
