// What `data` declares about inputs and outputs, resolved against their shapes: the header, the
// executable's constant and `linnet run` read this.
#pragma once

#include "ir/module.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::codegen {

// The numbers are those of base/abi/model.h.
struct ImageInfo {
  int64_t color = 0, resize = 0, fit = 0, invert = 0, height = 0, width = 0;
  double scale = 1;
  std::array<double, 3> mean = {0, 0, 0};
  std::array<double, 3> deviation = {1, 1, 1};
};
struct ClassesInfo {
  std::vector<std::string> labels;
  bool probabilities = false;
};
struct SeriesInfo {
  std::string column, index;
  int64_t lags = 0, missing = 0;
  int64_t window = 1;  // steps of time in one sample
  bool ahead = false;  // known: ahead
  bool learn = false;  // its scale is learnt
  double mean = 0, deviation = 1;
};
struct AheadInfo {
  int64_t input = 0, steps = 1;
};
struct ColumnInfo {
  std::string name;
  double mean = 0, deviation = 1;
  bool learn = false;
  std::vector<std::string> categories;
};

struct PortInfo {
  std::string name;
  int64_t dtype = 0;  // enum linnet_dtype
  ir::Type type;
  std::vector<int64_t> dims;
  std::optional<ImageInfo> image;
  std::optional<ClassesInfo> classes;
  std::optional<SeriesInfo> series;
  std::optional<AheadInfo> ahead;
  std::vector<ColumnInfo> columns;
};

struct Ports {
  std::vector<PortInfo> inputs, outputs;
};

// Of a graph of the module; of its first one.
[[nodiscard]] Ports ports_of(const ir::Module& module, const ir::Graph& graph);
[[nodiscard]] Ports ports_of(const ir::Module& module);

// A value that is declared under this name.
[[nodiscard]] PortInfo port_of(const ir::Module& module, const std::string& name,
                               const ir::Type& type, const std::vector<PortInfo>& inputs);

}  // namespace linnet::codegen
