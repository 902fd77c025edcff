// What an output means to a person: a class with its probability, or a number.
#pragma once

#include "runtime/abi.h"

#include <cstdint>
#include <string>
#include <vector>

namespace linnet::runtime {

struct ClassAnswer {
  int64_t index = 0;
  std::string label;
  double probability = 0;
};

// The largest of `count` values (the first of equal ones); softmax unless they are probabilities.
[[nodiscard]] ClassAnswer classify(const float* values, int64_t count,
                                   const linnet_classes_v1& classes);

// The shortest text that reads back to the same float.
[[nodiscard]] std::string number_text(float value);

// Position of the output that `data` declares as classes, or −1.
[[nodiscard]] int64_t classes_output(const linnet_model_v1& model);

}  // namespace linnet::runtime
