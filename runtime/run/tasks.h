// What an executable can be asked to do; each prints its answers to standard output.
#pragma once

#include "base/result.h"
#include "runtime/run/model.h"
#include "runtime/run/options.h"

namespace linnet::runtime {

// Pictures, folders of pictures, IDX files with or without labels.
[[nodiscard]] Result<void> run_images(const Model& model, const Options& options);
// CSV files with the column of a series: a forecast from the end of each.
[[nodiscard]] Result<void> run_series(const Model& model, const Options& options);
// Files of any other kind: by the reader that training has for them (rows of CSV files), else as
// tensors.
[[nodiscard]] Result<void> run_samples(const Model& model, const Options& options);
// --input NAME=F.npy: tensors as they are.
[[nodiscard]] Result<void> run_tensors(const Model& model, const Options& options);
// Time of one call: median and 99th percentile.
[[nodiscard]] Result<void> run_bench(const Model& model, const Options& options);

}  // namespace linnet::runtime
