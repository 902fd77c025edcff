// Numbers that tell data sets apart.
#pragma once

#include "runtime/data/samples.h"

namespace linnet::runtime::train {

// Of how many samples there are, and of 64 of each part, evenly taken: the same whether they are in
// memory or not.
[[nodiscard]] Result<uint64_t> fingerprint(const DataSet& data);
// Of all samples.
[[nodiscard]] Result<uint64_t> whole_fingerprint(const DataSet& data);

}  // namespace linnet::runtime::train
