// Sources over others: one that has read all of them, one that scales.
#include "runtime/data/held.h"

#include "runtime/data/parts.h"

#include <cstring>

namespace linnet::runtime::train {
namespace {

class Scaled final : public Source {
public:
  Scaled(std::shared_ptr<const Source> source, std::vector<PortScale> scales)
      : source_(std::move(source)), scales_(std::move(scales)) {}

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    LINNET_TRY(source_->fill(which, to));
    for (const PortScale& scale : scales_) {
      if (to[scale.port]) apply(scale, to[scale.port], static_cast<int64_t>(which.size()));
    }
    return {};
  }
  void expect(int64_t first, int64_t count) const override { source_->expect(first, count); }
  bool in_a_row() const override { return source_->in_a_row(); }

private:
  std::shared_ptr<const Source> source_;
  std::vector<PortScale> scales_;
};

}  // namespace

Result<std::shared_ptr<Held>> Held::read(const Samples& samples) {
  auto held = std::make_shared<Held>();
  held->in_a_row_ = samples.source->in_a_row();
  for (const int64_t bytes : samples.bytes)
    held->ports_.push_back({static_cast<size_t>(bytes),
                            std::vector<uint8_t>(static_cast<size_t>(bytes * samples.count))});
  LINNET_TRY(for_each_part(samples, std::vector<char>(held->ports_.size(), true),
                           [&](int64_t first, int64_t number, std::span<uint8_t* const> part) {
                             for (size_t i = 0; i < part.size(); ++i) {
                               Port& port = held->ports_[i];
                               std::memcpy(port.data.data() +
                                               port.bytes * static_cast<size_t>(first),
                                           part[i], port.bytes * static_cast<size_t>(number));
                             }
                             return Result<void>();
                           }));
  return held;
}

Result<void> Held::fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const {
  for (size_t i = 0; i < ports_.size(); ++i) {
    const size_t bytes = ports_[i].bytes;
    for (size_t k = 0; to[i] && k < which.size(); ++k)
      std::memcpy(to[i] + k * bytes, ports_[i].data.data() + static_cast<size_t>(which[k]) * bytes,
                  bytes);
  }
  return {};
}

void Held::apply(const std::vector<PortScale>& scales) {
  for (const PortScale& scale : scales) {
    Port& port = ports_[scale.port];
    // Some at a time: it is done in f64.
    constexpr size_t kSamples = 4096;
    const size_t count = port.data.size() / port.bytes;
    for (size_t i = 0; i < count; i += kSamples)
      train::apply(scale, port.data.data() + i * port.bytes,
                   static_cast<int64_t>(std::min(kSamples, count - i)));
  }
}

std::shared_ptr<const Source> scaled(std::shared_ptr<const Source> source,
                                     std::vector<PortScale> scales) {
  return std::make_shared<const Scaled>(std::move(source), std::move(scales));
}

}  // namespace linnet::runtime::train
