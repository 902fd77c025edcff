// Tensors as text and as JSON.
#include "runtime/answers/tensor_text.h"

#include "base/result.h"
#include "base/text.h"
#include "runtime/answers/answer.h"

#include <algorithm>
#include <cmath>

namespace linnet::runtime {
namespace {

constexpr int64_t kMostShown = 1000, kEdge = 3;
constexpr size_t kColumns = 80;

class Printer {
public:
  explicit Printer(const Tensor& tensor) : t_(tensor), short_(tensor.elements() > kMostShown) {
    for (size_t dim = t_.shape.size(); dim-- > 0;) {
      strides_.insert(strides_.begin(), stride_);
      stride_ *= t_.shape[dim];
    }
    choose_format();
  }

  std::string text() {
    block(0, 0);
    return text_ + "\n";
  }

private:
  // Calls use(i) for each position along a dimension that is shown, and use(-1) for the gap.
  template <class Use> void each(size_t dim, Use use) const {
    const int64_t size = t_.shape[dim];
    const bool gap = short_ && size > 2 * kEdge;
    for (int64_t i = 0; i < size; ++i) {
      if (gap && i == kEdge) {
        use(-1);
        i = size - kEdge;
      }
      use(i);
    }
  }
  template <class Use> void each_element(size_t dim, int64_t at, Use use) const {
    if (dim == t_.shape.size()) return use(at);
    each(dim, [&](int64_t i) {
      if (i >= 0) each_element(dim + 1, at + i * strides_[dim], use);
    });
  }

  // As many decimals as the type has digits for, without zeros that all would end in.
  void choose_format() {
    const bool floats = t_.dtype == DType::kF32 || t_.dtype == DType::kF64 ||
                        t_.dtype == DType::kF16 || t_.dtype == DType::kBF16;
    double largest = 0;
    each_element(0, 0, [&](int64_t i) {
      const double value = std::fabs(value_at(t_, i));
      if (floats && std::isfinite(value)) largest = std::max(largest, value);
    });
    exponent_ = largest >= 1e8 || (largest > 0 && largest < 1e-3);
    const int before = largest >= 10 ? static_cast<int>(std::log10(largest)) + 1 : 1;
    const int digits = t_.dtype == DType::kF64 ? 15 : 7;
    const int most = floats ? exponent_ ? 6 : std::clamp(digits - before, 1, 6) : 0;
    integers_ = !floats;
    int needed = 0;
    for (decimals_ = most; decimals_ > needed;) {
      needed = 0;
      each_element(0, 0, [&](int64_t i) {
        const std::string text = plain(i);
        size_t end = exponent_ ? text.find('e') : text.size();
        const size_t point = text.find('.');
        if (point == std::string::npos || end == std::string::npos) return;
        while (text[end - 1] == '0')
          --end;
        needed = std::max(needed, static_cast<int>(end - point) - 1);
      });
      decimals_ = needed;
    }
    each_element(0, 0, [&](int64_t i) { width_ = std::max(width_, element(i).size()); });
  }

  std::string plain(int64_t i) const {
    return format(exponent_ ? "%.*e" : "%.*f", decimals_, value_at(t_, i));
  }
  // NumPy's "1." where every number is whole.
  std::string element(int64_t i) const {
    if (integers_) return element_text(t_, i);
    const double value = value_at(t_, i);
    if (!std::isfinite(value)) return format("%f", value);
    return plain(i) + (decimals_ == 0 && !exponent_ ? "." : "");
  }

  void put(const std::string& piece, bool first, size_t indent) {
    if (!first) {
      if (column_ + 1 + piece.size() > kColumns - 1) {
        text_ += "\n" + std::string(indent, ' ');
        column_ = indent;
      } else {
        text_ += " ";
        ++column_;
      }
    }
    text_ += piece;
    column_ += piece.size();
  }

  void block(size_t dim, int64_t at) {
    if (dim == t_.shape.size()) {
      text_ += element(at);
      return;
    }
    text_ += "[";
    ++column_;
    const bool last = dim + 1 == t_.shape.size();
    bool first = true;
    each(dim, [&](int64_t i) {
      if (last) {
        std::string piece = i < 0 ? "..." : element(i * strides_[dim] + at);
        if (i >= 0) piece.insert(0, width_ - piece.size(), ' ');
        put(piece, first, dim + 1);
      } else {
        if (!first) {
          // An empty line between blocks of three dimensions and more.
          text_ += std::string(i < 0 ? 1 : t_.shape.size() - 1 - dim, '\n');
          text_ += std::string(dim + 1, ' ');
          column_ = dim + 1;
        }
        if (i < 0) {
          text_ += "...";
        } else {
          block(dim + 1, at + i * strides_[dim]);
        }
      }
      first = false;
    });
    text_ += "]";
    ++column_;
  }

  const Tensor& t_;
  bool short_, exponent_ = false, integers_ = false;
  int decimals_ = 0;
  size_t width_ = 0, column_ = 0;
  int64_t stride_ = 1;
  std::vector<int64_t> strides_;
  std::string text_;
};

int64_t class_count(const Tensor& tensor) {
  return tensor.shape.empty() ? 0 : tensor.shape.back();
}

}  // namespace

std::string tensor_text(const std::string& name, const Tensor& tensor,
                        const linnet_classes_v1* classes) {
  std::string text = name + "  " + linnet::name(tensor.dtype).data() + shape_text(tensor.shape) +
                     "\n" + Printer(tensor).text();
  const int64_t each = classes ? class_count(tensor) : 0;
  const int64_t rows = each > 0 ? tensor.elements() / each : 0;
  for (int64_t row = 0; row < rows; ++row) {
    if (rows > kMostShown && row == kEdge) {
      text += "…\n";
      row = rows - kEdge;
    }
    const ClassAnswer answer = classify(tensor, row * each, each, *classes);
    text += rows == 1 ? "argmax" : format("argmax[%lld]", static_cast<long long>(row));
    text += format("  %s  %.1f %%\n", answer.label.c_str(), 100 * answer.probability);
  }
  return text;
}

void TensorsJson::add(const std::string& name, const Tensor& tensor,
                      const linnet_classes_v1* classes) {
  text_ += (text_.empty() ? "\"" : ",\"") + json_escaped(name) + "\":{\"dtype\":\"" +
           linnet::name(tensor.dtype).data() + "\",\"shape\":[";
  for (size_t i = 0; i < tensor.shape.size(); ++i)
    text_ += format("%s%lld", i ? "," : "", static_cast<long long>(tensor.shape[i]));
  text_ += "],\"values\":";
  int64_t at = 0;
  const auto block = [&](auto&& self, size_t dim) -> void {
    if (dim == tensor.shape.size()) {
      text_ += element_json(tensor, at++);
      return;
    }
    text_ += "[";
    for (int64_t i = 0; i < tensor.shape[dim]; ++i) {
      if (i > 0) text_ += ",";
      self(self, dim + 1);
    }
    text_ += "]";
  };
  block(block, 0);
  const int64_t each = classes ? class_count(tensor) : 0;
  if (each > 0) {
    std::string indices, labels;
    for (int64_t i = 0; i < tensor.elements(); i += each) {
      const ClassAnswer answer = classify(tensor, i, each, *classes);
      indices += format("%s%lld", i ? "," : "", static_cast<long long>(answer.index));
      labels += (i ? ",\"" : "\"") + json_escaped(answer.label) + "\"";
    }
    text_ += ",\"argmax\":[" + indices + "],\"labels\":[" + labels + "]";
  }
  text_ += "}";
}

}  // namespace linnet::runtime
