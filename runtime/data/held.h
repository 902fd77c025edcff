// Samples that are kept in memory, and samples that are scaled when they are read.
#pragma once

#include "runtime/data/scales.h"

namespace linnet::runtime::train {

// Samples of another source, read one after the other and kept.
class Held final : public Source {
public:
  [[nodiscard]] static Result<std::shared_ptr<Held>> read(const Samples& samples);

  [[nodiscard]] Result<void> fill(std::span<const int64_t> which,
                                  std::span<uint8_t* const> to) const override;
  // As the other: the order of an epoch must not depend on what is in memory.
  [[nodiscard]] bool in_a_row() const override { return in_a_row_; }
  // Scales what is kept.
  void apply(const std::vector<PortScale>& scales);

private:
  struct Port {
    size_t bytes;  // of a sample
    std::vector<uint8_t> data;
  };
  std::vector<Port> ports_;
  bool in_a_row_ = false;
};

// The samples of a source with the ports scaled that scales are for.
[[nodiscard]] std::shared_ptr<const Source> scaled(std::shared_ptr<const Source> source,
                                                   std::vector<PortScale> scales);

}  // namespace linnet::runtime::train
