// The file of --tuning: read once for the modules of a product, and told of if none of them has its
// kernels.
#pragma once

#include "driver/lower.h"
#include "passes/schedule/tuning.h"

#include <optional>
#include <span>
#include <string>

namespace linnet::driver {

class TuningFile {
public:
  // Gives `context` the schedules of options.tuning, if `rows` choose schedules and it has none
  // yet; it is good as long as this is. False, with an error at its place, if the file is none.
  [[nodiscard]] bool open(std::span<const passes::Pass> rows, const PassOptions& options,
                          passes::PassContext& context, const Host& host);
  // One remark on lines that no kernel of the modules asked for.
  void report_unmatched(const Host& host) const;

private:
  std::string path_, target_;
  std::optional<passes::Tuning> tuning_;
};

// nullopt, with an error, if there is no such file or it is none.
[[nodiscard]] std::optional<passes::Tuning> read_tuning(const std::string& path, const Host& host);

}  // namespace linnet::driver
