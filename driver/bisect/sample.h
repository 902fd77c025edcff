// A graph with what it is fed: what its answer must be, and smaller ones cut out of it.
#pragma once

#include "ir/evaluate.h"
#include "ir/module.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::driver {

using TensorList = std::vector<ir::Tensor>;

struct Sample {
  ir::Module module;
  TensorList inputs;  // of the subject's inputs without a slot

  // What is asked: the first graph, or of a module of kernels alone the first kernel.
  [[nodiscard]] const ir::Graph& subject() const {
    return module.graphs.empty() ? module.kernels.front() : module.graphs.front();
  }
  [[nodiscard]] ir::Graph& subject() {
    return module.graphs.empty() ? module.kernels.front() : module.graphs.front();
  }
};

// Nodes of the graph, of the bodies in it and of the kernels and loops it calls.
[[nodiscard]] int64_t node_count(const ir::Module& module, const ir::Graph& graph);

// What the evaluator says, in f64 and, unless the graph computes in f64 itself, in f32: how far
// these two lie apart tells what rounding may do to an element.
struct ReferenceValues {
  std::vector<ir::Array<double>> f64;
  std::vector<ir::Array<float>> f32;  // empty: none
};
// `seed`: of slots without a value.
[[nodiscard]] ReferenceValues reference_values(const Sample& sample, uint64_t seed);
[[nodiscard]] std::vector<ir::Array<double>> evaluated(const ir::Module& module,
                                                       const TensorList& inputs, uint64_t seed);

// How outputs depart from the reference, or nullopt. Floats may by `tolerance` of the output's
// largest magnitude, and by what rounding does.
[[nodiscard]] std::optional<std::string> departure(const ir::Graph& graph,
                                                   const ReferenceValues& reference,
                                                   const std::vector<ir::Array<double>>& outputs,
                                                   double tolerance);

// Every value of the subject, by index.
[[nodiscard]] TensorList all_values(const Sample& sample, uint64_t seed);

// The sample of these nodes alone, by index: what they read of others becomes an input that holds
// its value, what others read of them an output. Constants come along. `values`: of all_values.
[[nodiscard]] Sample cut(const Sample& sample, const TensorList& values,
                         const std::vector<bool>& kept);
// The same without one of the outputs, and without what only it needs.
[[nodiscard]] Sample without_output(const Sample& sample, const TensorList& values, size_t output);

// Every dimension of `from` elements, or that of one input alone, gets `to` elements: inputs,
// constants, slots and the attribute `shape`, and all that follows. nullopt if some op refuses.
struct Resize {
  int64_t from = 0, to = 0;
  int input = -1, dim = -1;  // -1: all
};
[[nodiscard]] std::optional<Sample> resized(const Sample& sample, const Resize& how);

// Without slots, kernels and graphs that nothing needs any more, and without the data and train
// blocks.
[[nodiscard]] ir::Module pruned(ir::Module module);

}  // namespace linnet::driver
