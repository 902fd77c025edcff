// Answers, and the two writers of them: text and JSON.
#include "runtime/answers/answer.h"

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

std::string whole(int64_t value) {
  return format("%lld", static_cast<long long>(value));
}

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
      sum += std::exp(value_at(values, first + i) - largest);
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

namespace {

// Values with two blanks between them.
class TextAnswer : public Answer {
public:
  void text(const char*, const std::string& value, size_t width) override {
    field(value + std::string(width > value.size() ? width - value.size() : 0, ' '));
  }
  void count(const char*, int64_t value) override { field(whole(value)); }
  void number(const char*, double value) override { field(format("%.6g", value)); }
  void fixed(const char*, double value, int decimals) override {
    field(format("%.*f", decimals, value));
  }
  void numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count) override {
    std::string list = key;
    for (int64_t i = 0; i < count; ++i) {
      if (count > kMostShown && i == kEdge) {
        list += " …";
        i = count - kEdge;
      }
      list += " " + element_text(tensor, first + i);
    }
    field(list);
  }
  void of_class(const ClassAnswer& answer, const char*) override {
    field(answer.label + format("  %5.1f %%", 100 * answer.probability));
  }
  void sentence(const std::string& text) override { sentence_ = text; }
  void print() const override {
    std::printf("%s\n", sentence_.empty() ? line_.c_str() : sentence_.c_str());
  }

private:
  void field(const std::string& value) { line_ += (line_.empty() ? "" : "  ") + value; }

  std::string line_, sentence_;
};

// The members of one object.
class JsonAnswer : public Answer {
public:
  void text(const char* key, const std::string& value, size_t) override {
    field(key, quoted(value));
  }
  void count(const char* key, int64_t value) override { field(key, whole(value)); }
  void number(const char* key, double value) override { field(key, number_json(value)); }
  void fixed(const char* key, double value, int decimals) override {
    field(key, format("%.*f", decimals, value));
  }
  void numbers(const char* key, const Tensor& tensor, int64_t first, int64_t count) override {
    std::string list;
    for (int64_t i = 0; i < count; ++i)
      list += (i ? "," : "") + element_json(tensor, first + i);
    field(key, "[" + list + "]");
  }
  void of_class(const ClassAnswer& answer, const char* within) override {
    if (within) {
      JsonAnswer inside;
      inside.of_class(answer, nullptr);
      return field(within, inside.line_ + "}");
    }
    text("label", answer.label, 0);
    count("index", answer.index);
    fixed("probability", answer.probability, 6);
  }
  void sentence(const std::string&) override {}
  void print() const override {
    if (!line_.empty()) std::printf("%s}\n", line_.c_str());
  }

private:
  static std::string quoted(const std::string& value) { return "\"" + json_escaped(value) + "\""; }
  void field(const char* key, const std::string& json) {
    line_ += (line_.empty() ? "{" : ",") + quoted(key) + ":" + json;
  }

  std::string line_;  // without the brace that ends it
};

}  // namespace

std::unique_ptr<Answer> Answer::in(bool json) {
  if (json) return std::make_unique<JsonAnswer>();
  return std::make_unique<TextAnswer>();
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
            number(column.name, value_at(tensor, first++) * column.deviation + column.mean);
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
