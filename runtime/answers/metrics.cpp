// Accuracy, confusion matrix, precision, recall, F1, RMSE, MAE and R², as text, JSON and SVG.
#include "runtime/answers/metrics.h"

#include "base/text.h"
#include "runtime/answers/answer.h"
#include "runtime/answers/plot.h"
#include "runtime/data/ports.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace linnet::runtime {
namespace {

constexpr size_t kColumns = 100;        // of a terminal, for the confusion matrix
constexpr size_t kMostConfusions = 20;  // shown where the matrix has no room

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string left(const std::string& text, size_t width) {
  return text + std::string(width - std::min(width, characters(text)), ' ');
}
std::string right(const std::string& text, size_t width) {
  return std::string(width - std::min(width, characters(text)), ' ') + text;
}
std::string whole(int64_t value) {
  return format("%lld", static_cast<long long>(value));
}
double ratio(int64_t part, int64_t all) {
  return all ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

}  // namespace

Interval wilson(int64_t correct, int64_t count) {
  if (count == 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;  // the 97.5 % point of the normal distribution
  const auto n = static_cast<double>(count);
  const double p = static_cast<double>(correct) / n;
  const double centre = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (centre - spread) / scale), std::min(1.0, (centre + spread) / scale)};
}

ClassMetrics::ClassMetrics(std::vector<std::string> labels)
    : labels_(std::move(labels)), matrix_(labels_.size() * labels_.size()) {}

void ClassMetrics::add(int64_t truth, int64_t predicted) {
  ++count_;
  ++matrix_[static_cast<size_t>(truth) * labels_.size() + static_cast<size_t>(predicted)];
}

int64_t ClassMetrics::at(int64_t truth, int64_t predicted) const {
  return matrix_[static_cast<size_t>(truth) * labels_.size() + static_cast<size_t>(predicted)];
}

int64_t ClassMetrics::correct() const {
  int64_t sum = 0;
  for (size_t i = 0; i < labels_.size(); ++i)
    sum += matrix_[i * labels_.size() + i];
  return sum;
}

ClassMetrics::Row ClassMetrics::row(int64_t label) const {
  Row row;
  for (size_t i = 0; i < labels_.size(); ++i) {
    row.support += at(label, static_cast<int64_t>(i));
    row.predicted += at(static_cast<int64_t>(i), label);
  }
  const int64_t right = at(label, label);
  row.precision = ratio(right, row.predicted);
  row.recall = ratio(right, row.support);
  const double sum = row.precision + row.recall;
  row.f1 = sum > 0 ? 2 * row.precision * row.recall / sum : 0;
  return row;
}

std::vector<ClassMetrics::Row> ClassMetrics::averages() const {
  Row macro, weighted;
  int64_t present = 0;
  for (size_t i = 0; i < labels_.size(); ++i) {
    const Row one = row(static_cast<int64_t>(i));
    present += one.support + one.predicted > 0;
    const auto add = [&](Row& to, double weight) {
      to.precision += weight * one.precision;
      to.recall += weight * one.recall;
      to.f1 += weight * one.f1;
    };
    add(macro, 1);
    add(weighted, ratio(one.support, count_));
  }
  const double each = present ? 1 / static_cast<double>(present) : 0;
  macro.precision *= each;
  macro.recall *= each;
  macro.f1 *= each;
  macro.support = weighted.support = count_;
  return {macro, weighted};
}

std::string ClassMetrics::accuracy_text() const {
  const Interval bounds = wilson(correct(), count_);
  return format("accuracy %.2f %% (%lld of %lld; 95 %% interval %.1f to %.1f %%)",
                100 * ratio(correct(), count_), static_cast<long long>(correct()),
                static_cast<long long>(count_), 100 * bounds.low, 100 * bounds.high);
}

std::string ClassMetrics::text() const {
  size_t wide = std::strlen("weighted avg");
  for (const std::string& label : labels_)
    wide = std::max(wide, characters(label));
  std::string text = left("", wide) + "  precision    recall  f1-score   support\n";
  const auto line = [&](const std::string& name, const Row& row) {
    text += left(name, wide) + format("  %9.4f %9.4f %9.4f %9lld\n", row.precision, row.recall,
                                      row.f1, static_cast<long long>(row.support));
  };
  for (size_t i = 0; i < labels_.size(); ++i) {
    const Row one = row(static_cast<int64_t>(i));
    if (one.support + one.predicted > 0) line(labels_[i], one);
  }
  const auto means = averages();
  line("macro avg", means[0]);
  line("weighted avg", means[1]);
  return text + "\n" + matrix_text();
}

// Long labels stand at the rows only; the columns have numbers then.
std::string ClassMetrics::matrix_text() const {
  size_t longest = 0, digits = 1;
  for (const std::string& label : labels_)
    longest = std::max(longest, characters(label));
  for (const int64_t value : matrix_)
    digits = std::max(digits, whole(value).size());
  const bool numbered = longest > 5;
  const size_t number = whole(static_cast<int64_t>(labels_.size()) - 1).size();
  const size_t cell = std::max(digits, numbered ? number : longest) + 1;
  const size_t head = (numbered ? number + 1 : 0) + longest + 1;
  if (head + cell * labels_.size() > kColumns) return confusions_text();
  std::string text = "confusion matrix (rows: true, columns: predicted)\n" + left("", head);
  for (size_t i = 0; i < labels_.size(); ++i)
    text += right(numbered ? whole(static_cast<int64_t>(i)) : labels_[i], cell);
  text += "\n";
  for (size_t i = 0; i < labels_.size(); ++i) {
    const std::string name =
        numbered ? right(whole(static_cast<int64_t>(i)), number) + " " + labels_[i] : labels_[i];
    text += left(name, head);
    for (size_t k = 0; k < labels_.size(); ++k) {
      const int64_t value = matrix_[i * labels_.size() + k];
      text += right(value ? whole(value) : "·", cell);
    }
    text += "\n";
  }
  return text;
}

std::string ClassMetrics::confusions_text() const {
  std::vector<size_t> wrong;
  size_t longest = 4;
  for (size_t i = 0; i < matrix_.size(); ++i) {
    if (matrix_[i] > 0 && i / labels_.size() != i % labels_.size()) wrong.push_back(i);
  }
  std::ranges::stable_sort(wrong, [&](size_t a, size_t b) { return matrix_[a] > matrix_[b]; });
  const size_t shown = std::min(wrong.size(), kMostConfusions);
  for (size_t i = 0; i < shown; ++i)
    longest = std::max(longest, characters(labels_[wrong[i] / labels_.size()]));
  std::string text = format("the most frequent of %zu kinds of confusion (--plot and --json have "
                            "the whole matrix)\n",
                            wrong.size()) +
                     left("true", longest) + "  count  predicted\n";
  for (size_t i = 0; i < shown; ++i)
    text += left(labels_[wrong[i] / labels_.size()], longest) + "  " +
            right(whole(matrix_[wrong[i]]), 5) + "  " + labels_[wrong[i] % labels_.size()] + "\n";
  return text;
}

std::string ClassMetrics::json() const {
  const Interval bounds = wilson(correct(), count_);
  std::string text =
      format("\"n\":%lld,\"correct\":%lld,\"accuracy\":%.6f,\"interval\":[%.6f,%.6f],"
             "\"labels\":[",
             static_cast<long long>(count_), static_cast<long long>(correct()),
             ratio(correct(), count_), bounds.low, bounds.high);
  for (size_t i = 0; i < labels_.size(); ++i)
    text += (i ? ",\"" : "\"") + json_escaped(labels_[i]) + "\"";
  text += "],\"confusion_matrix\":[";
  for (size_t i = 0; i < matrix_.size(); ++i)
    text += (i % labels_.size() ? "," : i ? "],[" : "[") + whole(matrix_[i]);
  text += matrix_.empty() ? "],\"classes\":{" : "]],\"classes\":{";
  const auto add = [&](const std::string& name, const Row& row) {
    text += "\"" + json_escaped(name) +
            format("\":{\"precision\":%.6f,\"recall\":%.6f,\"f1-score\":%.6f,\"support\":%lld}",
                   row.precision, row.recall, row.f1, static_cast<long long>(row.support));
  };
  for (size_t i = 0; i < labels_.size(); ++i) {
    if (i) text += ",";
    add(labels_[i], row(static_cast<int64_t>(i)));
  }
  const auto means = averages();
  text += "},";
  add("macro avg", means[0]);
  text += ",";
  add("weighted avg", means[1]);
  return text;
}

// A square a pair of classes, the darker the larger its part of the row.
std::string ClassMetrics::svg(const std::string& title) const {
  const size_t k = labels_.size();
  const double cell = k > 40 ? 14 : 28, side = cell * static_cast<double>(k);
  size_t longest = 1;
  for (const std::string& label : labels_)
    longest = std::max(longest, characters(label));
  const double left = 40 + 7 * static_cast<double>(longest), top = 70;
  const double below = 30 + 7 * static_cast<double>(longest);
  std::string text =
      svg_begin(left + std::max(side, 300.0) + 20, top + side + below, title) +
      svg_text(left, 28, "start", title, " font-size=\"17\" font-weight=\"600\"") +
      svg_text(left, 54, "start", accuracy_text() + "; rows: true, columns: predicted");
  for (size_t i = 0; i < k; ++i) {
    const double y = top + cell * static_cast<double>(i), x = left + cell * static_cast<double>(i);
    text += svg_text(left - 8, y + cell / 2 + 4.5, "end", labels_[i]);
    text += svg_text(0, 0, "end", labels_[i],
                     format(" transform=\"translate(%.1f %.1f) rotate(-90)\"", x + cell / 2 + 4.5,
                            top + side + 8));
    const int64_t support = row(static_cast<int64_t>(i)).support;
    for (size_t j = 0; j < k; ++j) {
      const int64_t value = matrix_[i * k + j];
      const double part = ratio(value, support), at = left + cell * static_cast<double>(j);
      text += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%g\" height=\"%g\" fill=\"%s\" "
                     "fill-opacity=\"%.3f\" stroke=\"#ddd\"/>\n",
                     at, y, cell, cell, i == j ? "#0072b2" : "#d55e00", part);
      if (value && k <= 40)
        text += svg_text(at + cell / 2, y + cell / 2 + 4, "middle", whole(value),
                         part > 0.6 ? " font-size=\"11\" fill=\"#fff\"" : " font-size=\"11\"");
    }
  }
  return text + "</svg>\n";
}

void NumberMetrics::add(double truth, double predicted) {
  truth_.push_back(truth);
  predicted_.push_back(predicted);
}

double NumberMetrics::rmse() const {
  double sum = 0;
  for (size_t i = 0; i < truth_.size(); ++i)
    sum += (predicted_[i] - truth_[i]) * (predicted_[i] - truth_[i]);
  return std::sqrt(sum / static_cast<double>(truth_.size()));
}

double NumberMetrics::mae() const {
  double sum = 0;
  for (size_t i = 0; i < truth_.size(); ++i)
    sum += std::fabs(predicted_[i] - truth_[i]);
  return sum / static_cast<double>(truth_.size());
}

double NumberMetrics::r2() const {
  double mean = 0, residual = 0, total = 0;
  for (const double value : truth_)
    mean += value;
  mean /= static_cast<double>(truth_.size());
  for (size_t i = 0; i < truth_.size(); ++i) {
    residual += (predicted_[i] - truth_[i]) * (predicted_[i] - truth_[i]);
    total += (truth_[i] - mean) * (truth_[i] - mean);
  }
  return total > 0 ? 1 - residual / total : std::numeric_limits<double>::quiet_NaN();
}

std::string NumberMetrics::text() const {
  return format("RMSE %.6g  MAE %.6g  R² %.4f", rmse(), mae(), r2());
}

std::string NumberMetrics::json() const {
  return "\"n\":" + whole(count()) + ",\"rmse\":" + number_json(rmse()) +
         ",\"mae\":" + number_json(mae()) + ",\"r2\":" + number_json(r2());
}

std::string NumberMetrics::svg(const std::string& title, const std::string& name) const {
  PlotLine points{name, truth_, predicted_}, same{"predicted = true", {}, {}};
  points.points = true;
  same.dashed = true;
  const auto [low, high] = std::ranges::minmax(truth_);
  same.x = same.y = {low, high};
  return Plot{title + ": " + text(),
              "true " + name,
              "predicted " + name,
              {same, points},
              std::numeric_limits<double>::quiet_NaN()}
      .svg();
}

void Measured::begin(const linnet_port_v1* ports, int64_t count, const linnet_port_v1* targets,
                     int64_t target_count) {
  const bool several = count > 1;
  for (int64_t t = 0; t < target_count; ++t) {
    const auto* output = std::find_if(ports, ports + count, [&](const linnet_port_v1& port) {
      return std::strcmp(port.name, targets[t].name) == 0;
    });
    if (output == ports + count) continue;
    if (targets[t].classes && targets[t].dtype == LINNET_I64) {
      const linnet_classes_v1& c = *targets[t].classes;
      outputs.push_back({output, output->name, ClassMetrics({c.labels, c.labels + c.count}), {}});
    } else if (output->table) {
      for (int64_t i = 0; i < output->table->count; ++i) {
        const linnet_column_v1& column = output->table->columns[i];
        if (column.category_count == 0)
          outputs.push_back({output,
                             several ? format("%s.%s", output->name, column.name) : column.name,
                             std::nullopt,
                             {}});
      }
    } else {
      outputs.push_back({output, output->name, std::nullopt, {}});
    }
  }
}

void Measured::add(const linnet_port_v1& output, const Tensor& values, const linnet_port_v1& target,
                   const Tensor& truths, int64_t first, int64_t count) {
  const auto at = std::ranges::find(outputs, &output, &OutputMetrics::port);
  if (at == outputs.end()) return;
  if (at->classes) {
    const int64_t classes = output.dims[output.rank - 1], each = elements_of(target);
    for (int64_t i = 0; i < count * each; ++i) {
      const auto answer = classify(values, i * classes, classes, *target.classes);
      at->classes->add(truths.as<int64_t>()[static_cast<size_t>(first * each + i)], answer.index);
    }
    return;
  }
  const int64_t each = elements_of(output);
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < each; ++k) {
      const double predicted = value_at(values, i * each + k);
      const double truth = value_at(truths, (first + i) * each + k);
      if (!output.table) {
        at->numbers.add(truth, predicted);
        continue;
      }
      // Elements run through the columns, of which those of categories take several.
      int64_t column = 0, element = 0, skipped = 0;
      const int64_t place = k;
      while (column < output.table->count) {
        const int64_t wide = std::max<int64_t>(output.table->columns[column].category_count, 1);
        if (place < element + wide) break;
        skipped += output.table->columns[column].category_count > 0;
        element += wide;
        ++column;
      }
      const linnet_column_v1& c = output.table->columns[column];
      if (c.category_count > 0) continue;
      at[column - skipped].numbers.add(unscaled(truth, c.mean, c.deviation),
                                       unscaled(predicted, c.mean, c.deviation));
    }
  }
}

std::string Measured::text(bool metrics) const {
  std::string text = format("%s: %lld samples\n", data.c_str(), static_cast<long long>(samples));
  if (loss) text += format("loss %.4f", *loss);
  const bool classes = metrics && outputs.size() == 1 && outputs[0].classes;
  if (classes) text += (loss ? "  " : "") + outputs[0].classes->accuracy_text();
  if (loss || classes) text += "\n";
  if (!metrics) return text;
  for (const OutputMetrics& output : outputs) {
    if (!output.classes) {
      text += output.name + "  " + output.numbers.text() + "\n";
      continue;
    }
    text += "\n";
    if (outputs.size() > 1) text += output.name + "  " + output.classes->accuracy_text() + "\n";
    text += output.classes->text();
  }
  return text;
}

std::string Measured::json(bool metrics) const {
  std::string text = "{\"data\":\"" + json_escaped(data) + "\",\"samples\":" + whole(samples);
  if (loss) text += ",\"loss\":" + number_json(*loss);
  if (!metrics) return text + "}\n";
  text += ",\"outputs\":{";
  for (size_t i = 0; i < outputs.size(); ++i)
    text += (i ? ",\"" : "\"") + json_escaped(outputs[i].name) + "\":{" +
            (outputs[i].classes ? outputs[i].classes->json() : outputs[i].numbers.json()) + "}";
  return text + "}}\n";
}

std::string Measured::svg() const {
  const OutputMetrics& first = outputs.front();
  return first.classes ? first.classes->svg(data) : first.numbers.svg(data, first.name);
}

}  // namespace linnet::runtime
