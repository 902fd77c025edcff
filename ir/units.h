// The units of a port's numbers and those of the data behind them ("raw").
#pragma once

#include <cstdint>
#include <vector>

namespace linnet::ir {

struct Units {
  enum Kind {
    kPlain,     // nothing to convert: a plain tensor, or classes
    kScaled,    // series, ahead, table, value. Raw: double; the model's: (raw - mean) / deviation
    kCategory,  // onehot. Raw: int32_t, the position of a category
    kPixels,    // image. Raw: uint8_t; the model's: (raw * scale - mean) / deviation, by channel
  } kind = kPlain;
  std::vector<double> mean, deviation;  // one, or one for each column or channel
  bool learnt = true;                   // false: a standard scale that no weights have brought
  int64_t raw_elements = 0;
  int64_t raw_size = 0;  // bytes of one of them

  void scale(double by_mean, double by_deviation, bool learn) {
    kind = kScaled;
    mean.push_back(by_mean);
    deviation.push_back(by_deviation);
    learnt = learnt && !learn;
    raw_size = sizeof(double);
  }
};

}  // namespace linnet::ir
