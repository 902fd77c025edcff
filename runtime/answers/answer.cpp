// Answers, written as text or JSON by one format each: an executable has few bytes for it.
#include "runtime/answers/answer.h"

#include "base/format_list.h"
#include "base/math.h"
#include "base/scalar_backend.h"
#include "base/text.h"
#include "runtime/data/number_text.h"
#include "runtime/data/ports.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace linnet::runtime {
namespace {

constexpr int64_t kMostShown = 1000, kEdge = 3;

int64_t argmax(const Tensor& values, int64_t first, int64_t count) {
  int64_t best = 0;
  for (int64_t i = 1; i < count; ++i) {
    if (value_at(values, first + i) > value_at(values, first + best)) best = i;
  }
  return best;
}

}  // namespace

double value_at(const Tensor& tensor, int64_t i) {
  double value = 0;
  if (tensor.dtype == DType::kF32) return tensor.as<float>()[static_cast<size_t>(i)];
  convert(tensor.dtype, tensor.data.data() + i * size_of(tensor.dtype), DType::kF64, &value, 1);
  return value;
}

ClassAnswer classify(const Tensor& values, int64_t first, int64_t count,
                     const linnet_classes_v1& classes) {
  ClassAnswer answer;
  answer.index = argmax(values, first, count);
  const double largest = value_at(values, first + answer.index);
  answer.probability = largest;
  if (!classes.probabilities) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i)
      sum += math::exp<math::Scalar<double>>(value_at(values, first + i) - largest);
    answer.probability = 1 / sum;
  }
  if (answer.index < classes.count) answer.label = classes.labels[answer.index];
  return answer;
}

std::string element_text(const Tensor& tensor, int64_t i) {
  const auto at = static_cast<size_t>(i);
  if (tensor.dtype == DType::kF32) return number_text(tensor.as<float>()[at]);
  if (tensor.dtype == DType::kBool) return tensor.data[at] ? "true" : "false";
  if (tensor.dtype == DType::kI64)
    return format("%lld", static_cast<long long>(tensor.as<int64_t>()[at]));
  return number_text(value_at(tensor, i));
}

std::string element_json(const Tensor& tensor, int64_t i) {
  const double value = value_at(tensor, i);
  return std::isfinite(value) ? element_text(tensor, i) : number_json(value);
}

std::string number_json(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return format("%.9g", value);
}

int64_t classes_output(const linnet_model_v1& model) {
  for (int64_t i = 0; i < model.output_count; ++i) {
    if (model.outputs[i].classes) return i;
  }
  return -1;
}

bool Answer::begin(const char* key) {
  if (json_) {
    if (line_.empty()) {
      line_ += '{';
    } else if (line_.back() != '{') {
      line_ += ',';
    }
    line_ += '"';
    line_ += json_escaped(key);
    line_ += "\":";
  } else if (!told_ && !line_.empty()) {
    line_ += "  ";
  }
  return json_ || !told_;
}

void Answer::write(const char* pattern, va_list arguments) {
  line_ += format_list(pattern, arguments);
}

void Answer::field(const char* key, const char* pattern, ...) {
  if (!begin(key)) return;
  va_list arguments;
  va_start(arguments, pattern);
  write(pattern, arguments);
  va_end(arguments);
}

void Answer::sentence(const char* pattern, ...) {
  if (json_) return;
  told_ = true;
  va_list arguments;
  va_start(arguments, pattern);
  write(pattern, arguments);
  va_end(arguments);
}

void Answer::text(const char* key, const char* value, size_t width) {
  if (json_) return field(key, "\"%s\"", json_escaped(value).c_str());
  field(key, "%-*s", static_cast<int>(width), value);
}

void Answer::count(const char* key, int64_t value) {
  field(key, "%lld", static_cast<long long>(value));
}

void Answer::number(const char* key, double value) {
  if (json_ && !std::isfinite(value)) return field(key, "%s", number_json(value).c_str());
  field(key, json_ ? "%.9g" : "%.6g", value);
}

void Answer::fixed(const char* key, double value, int decimals) {
  field(key, "%.*f", decimals, value);
}

void Answer::numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count) {
  if (!begin(key)) return;
  line_ += json_ ? "[" : key;
  for (int64_t i = 0; i < count; ++i) {
    if (!json_ && count > kMostShown && i == kEdge) {
      line_ += " …";
      i = count - kEdge;
    }
    if (!json_) {
      line_ += ' ';
    } else if (i > 0) {
      line_ += ',';
    }
    line_ += json_ ? element_json(tensor, first + i) : element_text(tensor, first + i);
  }
  if (json_) line_ += ']';
}

void Answer::of_class(const ClassAnswer& answer, const char* within) {
  if (!json_) return field("", "%s  %5.1f %%", answer.label.c_str(), 100 * answer.probability);
  if (within) {
    begin(within);
    line_ += '{';
  }
  text("label", answer.label.c_str());
  count("index", answer.index);
  fixed("probability", answer.probability, 6);
  if (within) line_ += '}';
}

void Answer::print() {
  if (json_ && line_.empty()) return;
  if (json_) line_ += '}';
  std::puts(line_.c_str());
}

void Answer::outputs(const linnet_model_v1& model, std::span<const Tensor> tensors,
                     int64_t sample) {
  int64_t class_outputs = 0;
  for (int64_t i = 0; i < model.output_count; ++i)
    class_outputs += model.outputs[i].classes != nullptr;
  for (int64_t i = 0; i < model.output_count; ++i) {
    const linnet_port_v1& port = model.outputs[i];
    const Tensor& tensor = tensors[static_cast<size_t>(i)];
    const int64_t count = elements_of(port);
    int64_t first = sample * count;
    const int64_t end = first + count;
    if (port.classes) {
      // The last dimension holds the classes; a sample may have several rows of them.
      const int64_t each = std::max<int64_t>(port.dims[port.rank - 1], 1);
      const bool one = class_outputs == 1 && count == each;
      for (int64_t row = 0; first < end; first += each, ++row) {
        const std::string name =
            count == each ? port.name : format("%s[%lld]", port.name, static_cast<long long>(row));
        of_class(classify(tensor, first, each, *port.classes), one ? nullptr : name.c_str());
      }
    } else if (port.table) {
      while (first < end) {
        for (int64_t c = 0; c < port.table->count; ++c) {
          const linnet_column_v1& column = port.table->columns[c];
          if (column.category_count == 0) {
            number(column.name, unscaled(value_at(tensor, first++), column.mean, column.deviation));
            continue;
          }
          text(column.name, column.categories[argmax(tensor, first, column.category_count)]);
          first += column.category_count;
        }
      }
    } else if (count == 1 && model.inputs[0].table) {
      number(port.name, value_at(tensor, first));
    } else {
      numbers(port.name, tensor, first, count);
    }
  }
}

}  // namespace linnet::runtime
