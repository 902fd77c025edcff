// Samples whose input is a picture, and whose target is its class or another picture.
#pragma once

#include "runtime/data/samples.h"

namespace linnet::runtime::train {

[[nodiscard]] bool reads_pictures(const linnet_trainer_v1& trainer);

// `test`: of the part that training never sees; nullopt where there is none. Errors name the file
// or folder.
[[nodiscard]] Result<std::optional<Samples>> read_pictures(const linnet_trainer_v1& trainer,
                                                           const std::string& path, bool test);

// For evaluation: the test part where `path` is a folder with one, else its own pictures; or an IDX
// file with its labels beside it.
[[nodiscard]] Result<Samples> read_pictures_to_evaluate(const linnet_trainer_v1& trainer,
                                                        const std::string& path);

}  // namespace linnet::runtime::train
