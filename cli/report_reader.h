// A report of `linnet report`, as far as another one is compared with it.
#pragma once

#include "cli/session.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace linnet::cli {

// Of a report's integers, none of which is negative: up to it a number in JSON is exact.
inline constexpr int64_t kMostInteger = int64_t{1} << 53;

// As the report has it; what it says of another one's parts is looked up, and every index is one.
struct ReadReport {
  struct Node {
    std::string op, text;
    std::vector<std::string> results, types, operands;
    std::vector<size_t> places;
  };
  struct Port {
    std::string name, type, value;
  };
  struct Graph {
    std::string name, kind;
    std::vector<Port> inputs, parameters, outputs;  // parameters: all that lies in slots
    std::vector<Node> nodes;                        // what is in groups too, behind their line
  };
  struct Step {
    std::string pass;
    int64_t rewrites = 0, nodes = 0;
    std::string content;  // the same for modules that are, but for the model's name
  };
  struct HotLoop {
    int64_t instructions = 0, vector_bits = 0, flops = 0, spills = 0;
    std::optional<int64_t> iterations;
    std::optional<double> loads_per_fma, cycles;
    std::string bottleneck;
  };
  struct Kernel {
    std::string name, hash, family, schedule, assembly;
    std::vector<size_t> places, calls;
    int64_t code_bytes = 0, stack_bytes = 0;
    std::optional<HotLoop> hot;
  };
  struct Call {
    std::string result;
    bool loop = false;  // over time: its figures are of all its steps and of all its kernels
    int64_t flops = 0, bytes = 0;
    std::optional<double> ns;
  };
  struct Memory {
    int64_t arena_bytes = 0, stack_bytes = 0, state_bytes = 0, constant_bytes = 0;
  };
  struct Value {
    std::string name, type, place;
    bool input = false;
    int64_t nans = 0, infinities = 0, count = 0;
    bool departs = false;  // compiled it is NaN or infinite where the model in f64 is not, or back
    std::map<std::string, double> kept;  // "mean", "row 0[3]": the finite ones
  };
  struct Numbers {
    std::string inputs;
    std::vector<Value> values;
  };

  std::string linnet, kind, model, target, cpu, weights;
  int64_t vector_bits = 0, batch = 1, threads = 1;
  std::vector<std::string> places;  // "lenet.lin:8:27", or a node's name
  std::vector<std::string> head;    // lines of the imported module before its graphs
  std::vector<Graph> graphs;        // of the imported module
  std::vector<Step> steps;
  std::vector<Kernel> kernels;
  std::vector<Call> calls;
  Memory memory;
  std::optional<double> whole_ns;
  std::vector<int64_t> level_bytes;  // of the memory of the machine that measured
  std::optional<Numbers> numbers;

  // Throws nlohmann's exceptions and std::out_of_range if it is not in the form of
  // docs/report.schema.json.
  [[nodiscard]] static ReadReport of(const nlohmann::json& json);
};

// Is it a file that `linnet report` writes, by its name?
[[nodiscard]] bool names_report(const std::string& path);
// From a page, or from the data alone. nullopt, with the reason reported, if it is none.
[[nodiscard]] std::optional<ReadReport> read_report(Session& session, const std::string& path);

}  // namespace linnet::cli
