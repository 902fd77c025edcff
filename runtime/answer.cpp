#include "runtime/answer.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace linnet::runtime {

ClassAnswer classify(const float* values, int64_t count, const linnet_classes_v1& classes) {
  ClassAnswer answer;
  for (int64_t i = 1; i < count; ++i) {
    if (values[i] > values[answer.index]) answer.index = i;
  }
  answer.probability = values[answer.index];
  if (!classes.probabilities) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i)
      sum += std::exp(static_cast<double>(values[i]) - values[answer.index]);
    answer.probability = 1 / sum;
  }
  if (answer.index < classes.count) answer.label = classes.labels[answer.index];
  return answer;
}

std::string number_text(float value) {
  // std::to_chars of a float would bring 170 kB of tables.
  char text[32];
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(value));
    if (std::strtof(text, nullptr) == value) break;
  }
  return text;
}

int64_t classes_output(const linnet_model_v1& model) {
  for (int64_t i = 0; i < model.output_count; ++i) {
    if (model.outputs[i].classes) return i;
  }
  return -1;
}

}  // namespace linnet::runtime
