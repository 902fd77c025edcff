// Writes the rows of --log-steps and the events of --logdir.
#include "runtime/train/logs.h"

#include "base/io/file.h"
#include "base/shortest.h"
#include "runtime/train/history.h"

#include <cmath>
#include <cstdlib>

namespace linnet::runtime::train {
namespace {

// A loss in the digits of its type.
std::string loss_text(double value, DType dtype) {
  return dtype == DType::kF32 ? shortest(static_cast<float>(value)) : shortest(value);
}

double norm(const std::vector<double>& elements) {
  double squares = 0;
  for (const double element : elements)
    squares += element * element;
  return std::sqrt(squares);
}

Result<void> keep_lines(const std::string& path, int64_t done, std::string& kept) {
  if (done == 0 || !file_exists(path)) return {};
  LINNET_TRY_ASSIGN(const auto& bytes, read_file(path));
  const std::string text(bytes.begin(), bytes.end());
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    const int64_t step = std::strtoll(text.c_str() + at, nullptr, 10);
    if (step > 0 && step <= done) kept += text.substr(at, end + 1 - at);
    at = end + 1;
  }
  return {};
}

}  // namespace

Result<void> Logs::open(const TrainOptions& options, int64_t step) {
  history_ = options.history;
  if (!options.log_steps.empty()) {
    std::string kept = "step,loss,lr\n";
    LINNET_TRY(keep_lines(options.log_steps, step, kept));
    LINNET_TRY_ASSIGN(log_, LogFile::open(options.log_steps, kept));
  }
  if (options.logdir.empty()) return {};
  LINNET_TRY_ASSIGN(events_, EventFile::open(options.logdir, step, options.wall_time));
  return {};
}

void Logs::step(int64_t step, double loss, double rate) {
  if (log_.is_open())
    log_.add(std::to_string(step) + "," + loss_text(loss, dtype_of_abi(t_.dtype)) + "," +
             shortest(rate) + "\n");
  if (events_.is_open()) events_.scalar(step, "train loss", loss);
  if (!history_) return;
  history_->losses.push_back(loss);
  history_->rates.push_back(rate);
}

void Logs::keep_gradients(const void* const* inputs, const linnet_step_args_v1& args) {
  if ((!events_.is_open() && !history_) || !t_.gradients) return;
  std::vector<void*> outputs;
  gradients_.resize(static_cast<size_t>(t_.slot_count));
  for (int64_t i = 0; i < t_.slot_count; ++i) {
    const linnet_slot_v1& slot = t_.slots[i];
    if (slot.kind != LINNET_PARAMETER || slot.frozen) continue;
    auto& gradient = gradients_[static_cast<size_t>(i)];
    gradient.resize(static_cast<size_t>(slot.bytes));
    outputs.push_back(gradient.data());
  }
  t_.gradients(inputs, slots_.data(), &args, outputs.data(), arena_.memory.get());
  if (!history_) return;
  history_->gradients.clear();
  for (int64_t i = 0; i < t_.slot_count; ++i) {
    const auto& gradient = gradients_[static_cast<size_t>(i)];
    if (!gradient.empty())
      history_->gradients.emplace_back(t_.slots[i].path,
                                       norm(elements(gradient.data(), t_.slots[i].bytes)));
  }
}

void Logs::epoch(int64_t step, const EpochReport& report) {
  if (history_) {
    const bool validated = report.validation && report.validation->correct >= 0;
    if (validated) {
      history_->accuracies.push_back(report.validation->accuracy());
    } else if (report.accuracy) {
      history_->accuracies.push_back(*report.accuracy);
    }
  }
  if (!events_.is_open()) return;
  events_.scalar(step, "learning rate", report.rate);
  if (report.accuracy) events_.scalar(step, "train accuracy", *report.accuracy);
  if (report.validation) {
    events_.scalar(step, "validation loss", report.validation->loss);
    if (report.validation->correct >= 0)
      events_.scalar(step, "validation accuracy", report.validation->accuracy());
  }
  for (int64_t i = 0; i < t_.slot_count; ++i) {
    const linnet_slot_v1& slot = t_.slots[i];
    if (slot.kind != LINNET_PARAMETER || slot.dtype != t_.dtype) continue;
    values(step, "weight", slot.path, slots_.of(slot), slot.bytes);
    if (gradients_.empty()) continue;
    const auto& gradient = gradients_[static_cast<size_t>(i)];
    if (!gradient.empty()) values(step, "gradient", slot.path, gradient.data(), slot.bytes);
  }
}

void Logs::values(int64_t step, const char* what, const char* path, const void* floats,
                  int64_t bytes) {
  const std::vector<double> all = elements(floats, bytes);
  events_.scalar(step, format("%s norm/%s", what, path), norm(all));
  events_.histogram(step, format("%ss/%s", what, path), all);
}

std::vector<double> Logs::elements(const void* floats, int64_t bytes) const {
  std::vector<double> all(static_cast<size_t>(bytes / size_of(dtype_of_abi(t_.dtype))));
  for (size_t k = 0; k < all.size(); ++k)
    all[k] = value_at(t_, floats, static_cast<int64_t>(k));
  return all;
}

Result<void> Logs::flush() {
  LINNET_TRY(log_.flush());
  return events_.flush();
}

}  // namespace linnet::runtime::train
