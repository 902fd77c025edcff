// dots: convolutions of many channels to a few, in vectors along the channels that are summed.
#pragma once

#include "passes/schedule/family.h"

namespace linnet::passes {

struct Dots {
  int64_t lanes = 0;    // input channels of a vector
  int64_t outputs = 0;  // share the pixels they read
  int64_t pixels = 0;   // neighbours in a row: they share the weights

  static constexpr std::array kOps = {&ir::ops::conv2d};
  static constexpr bool kReadsChannelsLast = true;
  static constexpr bool kWantsChannelsLast = true;
  static constexpr bool kReadsHalo = true;
  static constexpr std::array<Key<Dots>, 3> kKeys = {
      {{"lanes", &Dots::lanes}, {"outputs", &Dots::outputs}, {"pixels", &Dots::pixels}}};
  [[nodiscard]] static std::string fits(const ir::Graph& body);
  [[nodiscard]] static Choice<Dots> choose(const Candidate& group);
  [[nodiscard]] std::vector<int64_t> legal(const ir::Graph& body, size_t key) const;
  [[nodiscard]] std::vector<ir::Layout> layouts(const ir::Graph& body) const;
};

}  // namespace linnet::passes
