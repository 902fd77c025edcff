// `--bench` of an executable: the median time of a call.
#include "runtime/answers/answer.h"
#include "runtime/run/tasks.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace linnet::runtime {
namespace {

constexpr int kRounds = 201;
constexpr double kRoundNs = 1e6;

double now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

}  // namespace

Result<void> run_bench(const Model& model, const Options& options) {
  const linnet_model_v1& abi = model.abi();
  const int64_t batch = model.batch();
  std::vector<Tensor> tensors;
  std::vector<const void*> from;
  std::vector<void*> to;
  tensors.reserve(static_cast<size_t>(abi.input_count + abi.output_count));
  for (int64_t i = 0; i < abi.input_count; ++i) {
    tensors.push_back(Model::make(abi.inputs[i], batch));
    from.push_back(tensors.back().data.data());
  }
  for (int64_t i = 0; i < abi.output_count; ++i) {
    tensors.push_back(Model::make(abi.outputs[i], batch));
    to.push_back(tensors.back().data.data());
  }
  const auto round = [&](int64_t calls) {
    const double start = now_ns();
    for (int64_t i = 0; i < calls; ++i)
      model.call(from.data(), to.data());
    return (now_ns() - start) / static_cast<double>(calls);
  };
  const auto calls =
      std::max<int64_t>(static_cast<int64_t>(kRoundNs / std::max(round(10), 1.0)), 1);
  std::array<double, kRounds> times;
  for (size_t i = 0; i < times.size(); ++i) {
    times[i] = round(calls);
    for (size_t k = i; k > 0 && times[k] < times[k - 1]; --k)
      std::swap(times[k], times[k - 1]);
  }
  const double median = times[kRounds / 2];
  const double p99 = times[kRounds * 99 / 100];
  const double rate = static_cast<double>(abi.flops * batch) / median;
  Answer answer(options.json);
  answer.sentence("%s, batch %lld: median %.2f µs, p99 %.2f µs, %.1f GFLOP/s", abi.name,
                  static_cast<long long>(batch), median * 1e-3, p99 * 1e-3, rate);
  answer.text("model", abi.name);
  answer.count("batch", batch);
  answer.fixed("median_ns", median, 1);
  answer.fixed("p99_ns", p99, 1);
  answer.fixed("gflops", rate, 2);
  answer.print();
  return {};
}

}  // namespace linnet::runtime
