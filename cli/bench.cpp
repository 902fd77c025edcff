// linnet bench MODEL: the whole call through the C ABI, and each kernel alone, beside the peak
// that one core's multiply-adds reach in the same run.
#include "cli/call.h"
#include "cli/text_table.h"
#include "codegen/peak.h"
#include "ir/op_def.h"

#include "runtime/philox.h"
#include "runtime/train/checkpoint.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

namespace linnet::cli {
namespace {

struct BenchOptions {
  ModelOptions model;
  PipelineFlags pipeline;
  BuildOptions build;
  bool json = false;
  bool train = false;
};

struct Timing {
  double median = 0, p99 = 0;  // ns
};

constexpr int kRounds = 31;
constexpr double kRoundNs = 4e6;

double once(const std::function<void()>& call, int64_t times) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < times; ++i)
    call();
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  return time.count() / static_cast<double>(times);
}

// All calls in turn, round by round, so that a noisy neighbour meets them alike.
std::vector<Timing> measure(Session& session, const std::vector<std::function<void()>>& calls) {
  const Working working(session, "measuring", kRounds);
  std::vector<int64_t> repeats;
  std::vector<std::vector<double>> times(calls.size());
  for (const auto& call : calls) {
    const double first = std::max(once(call, 3), 1.0);
    repeats.push_back(std::max<int64_t>(static_cast<int64_t>(kRoundNs / first), 1));
  }
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < calls.size(); ++i)
      times[i].push_back(once(calls[i], repeats[i]));
    session.progress.done(static_cast<size_t>(round) + 1);
  }
  std::vector<Timing> timings;
  for (auto& list : times) {
    std::ranges::sort(list);
    timings.push_back({list[list.size() / 2], list[list.size() * 99 / 100]});
  }
  return timings;
}

struct KernelRow {
  std::string name, what, hash;
  int64_t flops = 0, bytes = 0;
};

// Multiply-adds (two each) of a kernel's ops as the model counts them, never padded lanes.
KernelRow describe(const ir::Graph& kernel) {
  KernelRow row;
  row.name = kernel.name;
  for (const ir::Node& node : kernel.nodes()) {
    if (node.tensor) continue;
    row.what += (row.what.empty() ? "" : " ") + std::string(node.op->name);
    if (!node.op->multiply_adds) continue;
    std::vector<const ir::Type*> types;
    for (ir::ValueId operand : node.operands)
      types.push_back(&kernel.value(operand).type);
    row.flops +=
        2 * node.op->multiply_adds({types, node.attrs}, kernel.value(node.results[0]).type);
  }
  for (const ir::GraphInput& input : kernel.inputs)
    row.bytes += kernel.value(input.value).type.stored_bytes();
  for (const ir::GraphOutput& output : kernel.outputs)
    row.bytes += kernel.value(output.value).type.stored_bytes();
  return row;
}

// Small numbers, so that nothing overflows and no branch is taken that data would decide.
void fill(void* memory, size_t bytes, ir::DType dtype, uint32_t stream) {
  if (dtype == ir::DType::kF32) {
    auto* values = static_cast<float*>(memory);
    for (size_t i = 0; i < bytes / 4; ++i)
      values[i] = runtime::philox_uniform_f32(0, stream, 0, i) - 0.5F;
  } else if (dtype == ir::DType::kF64) {
    auto* values = static_cast<double*>(memory);
    for (size_t i = 0; i < bytes / 8; ++i)
      values[i] = runtime::philox_uniform_f64(0, stream, 0, i) - 0.5;
  } else {
    std::memset(memory, 1, bytes);
  }
}

std::vector<AlignedBytes> buffers(const std::vector<ir::Type>& types) {
  std::vector<AlignedBytes> list;
  for (const ir::Type& type : types) {
    const auto bytes = static_cast<size_t>(type.stored_bytes());
    list.emplace_back(bytes);
    fill(list.back().data(), bytes, type.dtype, static_cast<uint32_t>(list.size()));
  }
  return list;
}

// A kernel's wrapper takes as many addresses as it has inputs and outputs.
std::function<void()> kernel_call(void* function, const std::vector<AlignedBytes>& memory) {
  std::vector<void*> p;
  for (const AlignedBytes& bytes : memory)
    p.push_back(bytes.data());
  p.resize(8, nullptr);  // further arguments are ignored by the callee (System V ABI)
  auto* f =
      reinterpret_cast<void (*)(void*, void*, void*, void*, void*, void*, void*, void*)>(function);
  return [f, p] { f(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]); };
}

// The most multiply-adds one core reaches: twelve independent chains of the target's vectors.
double peak_gflops(Session& session, const ModelOptions& model);

// What is timed: a graph's whole call, and the kernels it calls.
struct Timed {
  const ir::Graph* graph = nullptr;
  int64_t batch = 1;
  std::function<void()> whole;
  std::function<void*(const std::string&)> symbol;
};

class Bench {
public:
  Bench(Session& session, const BenchOptions& options, const Built& built, Timed timed)
      : session_(session), options_(options), built_(built), timed_(std::move(timed)) {}

  Status run() {
    std::vector<std::function<void()>> calls = {timed_.whole};
    std::vector<KernelRow> rows;
    const ir::Module& module = built_.modules.front();
    for (const ir::Node& node : timed_.graph->nodes()) {
      if (node.op != &ir::ops::call) continue;
      const ir::Graph& kernel = *module.kernel(node.callee);
      if (kernel.inputs.size() + kernel.outputs.size() > 8) continue;
      const codegen::KernelReport& report = report_of(kernel);
      void* function = timed_.symbol(report.symbol);
      LINNET_CHECK(function != nullptr, "the object has no @" + kernel.name);
      std::vector<ir::Type> types;
      for (const ir::GraphInput& input : kernel.inputs)
        types.push_back(kernel.value(input.value).type);
      for (const ir::GraphOutput& output : kernel.outputs)
        types.push_back(kernel.value(output.value).type);
      memory_.push_back(buffers(types));
      calls.push_back(kernel_call(function, memory_.back()));
      rows.push_back(describe(kernel));
      rows.back().hash = report.hash;
    }
    const auto timings = measure(session_, calls);
    const double peak = peak_gflops(session_, options_.model);
    options_.json ? print_json(timings, rows, peak) : print_table(timings, rows, peak);
    return Status::kDone;
  }

private:
  // Kernels of the largest batch come first.
  [[nodiscard]] const codegen::KernelReport& report_of(const ir::Graph& kernel) const {
    const auto at =
        std::ranges::find(built_.compiled.kernels, kernel.name, &codegen::KernelReport::name);
    LINNET_CHECK(at != built_.compiled.kernels.end(), "no report of @" + kernel.name);
    return *at;
  }
  static double gflops(int64_t flops, const Timing& timing) {
    return static_cast<double>(flops) / timing.median;
  }

  void print_table(const std::vector<Timing>& timings, const std::vector<KernelRow>& rows,
                   double peak) const {
    TextTable table(
        {"kernel", "ops", ">median ns", ">p99 ns", ">GFLOP/s", ">% of peak", ">bytes", "content"});
    const auto add = [&](const std::string& name, const std::string& what, const Timing& timing,
                         int64_t flops, int64_t bytes, const std::string& hash) {
      table.row({name, what, fmt::format("{:.0f}", timing.median),
                 fmt::format("{:.0f}", timing.p99),
                 flops ? fmt::format("{:.1f}", gflops(flops, timing)) : "",
                 flops ? fmt::format("{:.0f}", 100 * gflops(flops, timing) / peak) : "",
                 bytes ? thousands(bytes) : "", hash.substr(0, 8)});
    };
    for (size_t i = 0; i < rows.size(); ++i)
      add(rows[i].name, rows[i].what, timings[i + 1], rows[i].flops, rows[i].bytes, rows[i].hash);
    table.rule();
    add(built_.compiled.name, fmt::format("batch {}", timed_.batch), timings[0],
        built_.flops * timed_.batch, 0, "");
    std::fputs(table.text().c_str(), stdout);
    fmt::print("peak {:.1f} GFLOP/s on one core of {}\n", peak, built_.target.info.name);
  }

  void print_json(const std::vector<Timing>& timings, const std::vector<KernelRow>& rows,
                  double peak) const {
    nlohmann::ordered_json kernels = nlohmann::ordered_json::array();
    for (size_t i = 0; i < rows.size(); ++i) {
      const double rate = gflops(rows[i].flops, timings[i + 1]);
      kernels.push_back({{"name", rows[i].name},
                         {"hash", rows[i].hash},
                         {"median_ns", timings[i + 1].median},
                         {"flops", rows[i].flops},
                         {"bytes", rows[i].bytes},
                         {"gflops", rate},
                         {"roof_share", rate / peak}});
    }
    const nlohmann::ordered_json json = {{"model", built_.compiled.name},
                                         {"batch", timed_.batch},
                                         {"target", built_.target.info.name},
                                         {"median_ns", timings[0].median},
                                         {"p99_ns", timings[0].p99},
                                         {"flops", built_.flops * timed_.batch},
                                         {"peak_gflops", peak},
                                         {"kernels", kernels}};
    fmt::print("{}\n", json.dump());
  }

  Session& session_;
  const BenchOptions& options_;
  const Built& built_;
  Timed timed_;
  std::vector<std::vector<AlignedBytes>> memory_;
};

double peak_gflops(Session& session, const ModelOptions& model) {
  const auto target = model.find_target(session);
  if (!target) return 0;
  const codegen::PeakLoop loop(*target);
  constexpr int64_t kSteps = 4096;
  const auto timing = measure(session, {[&] { loop.run(kSteps); }});
  return static_cast<double>(loop.flops(kSteps)) / timing.front().median;
}

// One call of the largest batch, on memory of its own.
struct PredictMemory {
  std::vector<AlignedBytes> tensors;
  AlignedBytes arena{0};
  std::vector<const void*> from;
  std::vector<void*> to;
};

Status run_predict(Session& session, const BenchOptions& options, const BuildOptions& flags) {
  const auto built = build(session, options.model, options.pipeline, flags);
  if (!built) return Status::kBadInput;
  const auto callable = Callable::load(session, *built);
  if (!callable) return Status::kMachine;
  const linnet_entry_v1& entry = callable->model().entries[0];
  const ir::Graph& graph = built->modules.front().graphs.front();
  PredictMemory memory;
  std::vector<ir::Type> types;
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) types.push_back(graph.value(input.value).type);
  }
  const size_t inputs = types.size();
  for (const ir::GraphOutput& output : graph.outputs) {
    if (output.slot.empty()) types.push_back(graph.value(output.value).type);
  }
  memory.tensors = buffers(types);
  memory.arena = AlignedBytes(static_cast<size_t>(entry.arena_bytes));
  for (size_t i = 0; i < types.size(); ++i) {
    if (i < inputs) {
      memory.from.push_back(memory.tensors[i].data());
    } else {
      memory.to.push_back(memory.tensors[i].data());
    }
  }
  const linnet_stream_v1* stream = callable->model().stream;
  const AlignedBytes state(static_cast<size_t>(stream ? stream->state_bytes : 0));
  if (stream) stream->reset(state.data());
  const auto whole = [&] {
    entry.call(memory.from.data(), memory.to.data(), state.data(), memory.arena.data());
  };
  const auto symbol = [&](const std::string& name) { return callable->symbol(name); };
  return Bench(session, options, *built, {&graph, options.model.batch, whole, symbol}).run();
}

// A training step at learning rate 0, so that the values stay what they are.
Status run_train(Session& session, const BenchOptions& options, const BuildOptions& flags) {
  auto built = build_trainer(session, options.model, options.pipeline, flags,
                             options.model.batch == 1 ? 0 : options.model.batch);
  if (!built) return Status::kBadInput;
  const auto loaded = load_trainer(session, *built);
  if (!loaded) return Status::kMachine;
  const linnet_trainer_v1* trainer = loaded->trainer;
  const ir::Graph& graph = *built->modules.front().graph(ir::kTrainStep);
  built->flops = 0;
  for (const ir::Node& node : graph.nodes()) {
    if (node.op == &ir::ops::call)
      built->flops += describe(*built->modules.front().kernel(node.callee)).flops;
  }
  built->flops /= trainer->batch;
  runtime::train::Slots slots(*trainer);
  slots.initialize(0);
  std::vector<ir::Type> types;
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty()) types.push_back(graph.value(input.value).type);
  }
  const auto inputs = buffers(types);
  std::vector<const void*> from;
  for (const AlignedBytes& input : inputs)
    from.push_back(input.data());
  const AlignedBytes arena(static_cast<size_t>(trainer->arena_bytes));
  const linnet_step_args_v1 args{0, 1, 0.0};
  double losses[2];
  const auto whole = [&] {
    trainer->train_step(from.data(), slots.data(), &args, losses, arena.data());
  };
  const auto symbol = [&](const std::string& name) { return loaded->code->symbol(name); };
  return Bench(session, options, *built, {&graph, trainer->batch, whole, symbol}).run();
}

Status run(Session& session, const BenchOptions& options) {
  if (options.json) session.progress.silence();
  BuildOptions flags = options.build;
  flags.product = true;
  flags.keep_kernels = true;
  return options.train ? run_train(session, options, flags) : run_predict(session, options, flags);
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = app.add_subcommand("bench", "Time the call and each kernel");
  command->footer("linnet bench lenet.lin --batch 64");
  options->model.add_model(*command);
  options->model.add_dtype(*command);
  options->model.add_weights(*command);
  options->model.add_target(*command);
  options->pipeline.add(*command);
  add_cache(*command, options->build);
  add_quiet(*command, session);
  command->add_flag("--train", options->train, "A training step instead of inference");
  command->add_flag("--json", options->json, "One JSON object instead of the table");
  command->callback([&session, options] {
    session.command = [options](Session& s) { return run(s, *options); };
  });
}

}  // namespace linnet::cli
