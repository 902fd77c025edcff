// Writes the rows of --log-steps and the events of --logdir.
#include "runtime/train/logs.h"

#include "base/io/file.h"
#include "base/shortest.h"

#include <cmath>
#include <cstdlib>

namespace linnet::runtime::train {
namespace {

// A loss in the digits of its type.
std::string loss_text(double value, DType dtype) {
  return dtype == DType::kF32 ? shortest(static_cast<float>(value)) : shortest(value);
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
}

void Logs::keep_gradients(const void* const* batch, const linnet_step_args_v1& args) {
  if (!events_.is_open() || !t_.gradients) return;
  std::vector<void*> outputs;
  gradients_.resize(static_cast<size_t>(t_.slot_count));
  for (int64_t i = 0; i < t_.slot_count; ++i) {
    const linnet_slot_v1& slot = t_.slots[i];
    if (slot.kind != LINNET_PARAMETER || slot.frozen) continue;
    auto& gradient = gradients_[static_cast<size_t>(i)];
    gradient.resize(static_cast<size_t>(slot.bytes));
    outputs.push_back(gradient.data());
  }
  t_.gradients(batch, slots_.data(), &args, outputs.data(), arena_.memory.get());
}

void Logs::epoch(int64_t step, const EpochReport& report) {
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
  std::vector<double> elements(static_cast<size_t>(bytes / size_of(dtype_of_abi(t_.dtype))));
  double squares = 0;
  for (size_t k = 0; k < elements.size(); ++k) {
    elements[k] = value_at(t_, floats, static_cast<int64_t>(k));
    squares += elements[k] * elements[k];
  }
  events_.scalar(step, format("%s norm/%s", what, path), std::sqrt(squares));
  events_.histogram(step, format("%ss/%s", what, path), elements);
}

Result<void> Logs::flush() {
  LINNET_TRY(log_.flush());
  return events_.flush();
}

}  // namespace linnet::runtime::train
