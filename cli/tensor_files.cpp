// Reads .npy files for inputs, checked against dtype and shape, and writes outputs.
#include "cli/tensor_files.h"

#include "cli/model_options.h"

#include "base/io/file.h"
#include "base/io/npy.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace linnet::cli {
namespace {

class Inputs {
public:
  Inputs(Session& session, std::span<const Port> ports, bool batched, int64_t& samples)
      : session_(session), ports_(ports), batched_(batched), samples_(samples) {}

  std::optional<std::vector<Tensor>> read(const std::vector<std::string>& assignments) {
    std::vector<std::string> paths(ports_.size());
    bool ok = true;
    for (const std::string& text : assignments) {
      const auto pair = split_assignment(session_, "--input", text);
      const auto at = pair ? find(pair->first) : std::nullopt;
      if (at && !paths[*at].empty()) {
        session_.error(fmt::format("--input {} is given twice", ports_[*at].name),
                       Status::kBadCall);
        ok = false;
      } else if (at) {
        paths[*at] = pair->second;
      } else {
        ok = false;
      }
    }
    std::vector<Tensor> tensors(ports_.size());
    for (size_t i = 0; i < ports_.size(); ++i) {
      if (paths[i].empty()) {
        if (ok) {
          session_.error(
              fmt::format("no --input for '{}' ({})", ports_[i].name, to_string(ports_[i].type)),
              Status::kBadCall, fmt::format("--input {}=FILE.npy", ports_[i].name));
        }
        ok = false;
      } else if (auto tensor = read_one(ports_[i], paths[i])) {
        tensors[i] = std::move(*tensor);
      } else {
        ok = false;
      }
    }
    if (!ok) return std::nullopt;
    return tensors;
  }

private:
  std::optional<size_t> find(const std::string& name) {
    std::vector<std::string> names;
    for (size_t i = 0; i < ports_.size(); ++i) {
      if (ports_[i].name == name || name == "@" + std::to_string(i)) return i;
      names.push_back(ports_[i].name);
    }
    session_.error(fmt::format("the model has no input '{}'; it has {}", name, join(names, ", ")),
                   Status::kBadCall, did_you_mean(name, names));
    return std::nullopt;
  }

  std::optional<Tensor> read_one(const Port& port, const std::string& path) {
    auto file = read_npy(path);
    if (!file) {
      session_.error(file.error().message, file.error().status);
      return std::nullopt;
    }
    if (!shape_fits(port, path, file->shape)) return std::nullopt;
    if (file->dtype == port.type.dtype) return std::move(*file);
    if (!is_float(port.type.dtype) || !is_float(file->dtype)) {
      session_.error(fmt::format("{}: '{}' takes {}, the file holds {}", path, port.name,
                                 name(port.type.dtype), name(file->dtype)));
      return std::nullopt;
    }
    session_.diagnostics.report({.severity = Severity::kRemark,
                                 .place = {std::nullopt, path},
                                 .message = fmt::format("converted from {} to {}",
                                                        name(file->dtype), name(port.type.dtype))});
    return converted(*file, port.type.dtype);
  }

  bool shape_fits(const Port& port, const std::string& path, const std::vector<int64_t>& shape) {
    const ir::Shape& wanted = port.type.shape;
    bool fits = shape.size() == wanted.size();
    const bool scaled = batched_ && !wanted.empty() && wanted[0] > 0;
    for (size_t dim = scaled ? 1 : 0; fits && dim < shape.size(); ++dim)
      fits = shape[dim] == wanted[dim];
    int64_t count = 1;
    if (fits && scaled) {
      count = shape[0] / wanted[0];
      fits = count > 0 && count * wanted[0] == shape[0];
    }
    if (!fits) {
      ir::Shape shown = wanted;
      std::string text = ir::to_string(wanted);
      if (scaled) text = "[N" + text.substr(text.find_first_of(",]"));
      session_.error(fmt::format("{}: '{}' takes {}, the file holds {}", path, port.name, text,
                                 shape_text(shape)));
      return false;
    }
    if (samples_ == 0) samples_ = count;
    if (count == samples_) return true;
    session_.error(fmt::format("{}: {} samples, but {} are expected", path, count, samples_));
    return false;
  }

  Session& session_;
  std::span<const Port> ports_;
  bool batched_;
  int64_t& samples_;
};

}  // namespace

std::vector<Port> input_ports(const ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  std::vector<Port> ports;
  for (const ir::GraphInput& input : graph.inputs) {
    if (input.slot.empty())
      ports.push_back({graph.value(input.value).name, graph.value(input.value).type});
  }
  return ports;
}

std::vector<Port> output_ports(const ir::Module& module) {
  const ir::Graph& graph = module.graphs.front();
  std::vector<Port> ports;
  for (const ir::GraphOutput& output : graph.outputs) {
    if (output.slot.empty()) ports.push_back({output.name, graph.value(output.value).type});
  }
  return ports;
}

std::optional<std::vector<Tensor>> read_inputs(Session& session,
                                               const std::vector<std::string>& assignments,
                                               std::span<const Port> ports, bool batched,
                                               int64_t& samples) {
  return Inputs(session, ports, batched, samples).read(assignments);
}

Status write_outputs(Session& session, const std::string& folder, std::span<const Port> ports,
                     std::span<const Tensor> tensors) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    session.error(fmt::format("{}: {}", folder, std::strerror(errno)), Status::kMachine);
    return Status::kMachine;
  }
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string name = file_name_of(ports[i].name, i);
    const auto done = write_npy(folder + "/" + name + ".npy", tensors[i]);
    if (!done) {
      session.error(done.error().message, done.error().status);
      return Status::kMachine;
    }
  }
  return Status::kDone;
}

}  // namespace linnet::cli
