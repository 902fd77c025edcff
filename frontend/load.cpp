// Tells by the name of a file what it is, reads it, and applies what the caller sets and binds.
#include "frontend/load.h"

#include "frontend/lin/declared_shapes.h"
#include "frontend/lin/picture_planes.h"
#include "frontend/model_bytes.h"
#include "frontend/onnx/import/import.h"
#include "frontend/onnx/import/model_file.h"

#include "ir/check_recipes.h"
#include "ir/entries.h"
#include "ir/print.h"
#include "ir/read.h"
#include "ir/verify.h"

#include "base/io/file.h"
#include "base/io/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace linnet::frontend {
namespace {

void report(Diagnostics& diagnostics, std::string message, Status status = Status::kBadInput,
            std::string remedy = "") {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.remedy = std::move(remedy);
  diagnostic.status = status;
  diagnostics.report(std::move(diagnostic));
}

void report(Diagnostics& diagnostics, const Error& error) {
  report(diagnostics, error.message, error.status);
}

std::optional<uint32_t> add_source(const std::string& path, SourceManager& sources,
                                   Diagnostics& diagnostics) {
  auto bytes = read_model_file(path, static_cast<int64_t>(kMaxSourceBytes) - 1);
  if (!bytes) {
    report(diagnostics, bytes.error());
    return std::nullopt;
  }
  return sources.add(path == kStandardInput ? "standard input" : path,
                     {bytes->begin(), bytes->end()});
}

std::optional<std::map<std::string, ir::Tensor>> read_tensors(const std::string& path,
                                                              Diagnostics& diagnostics) {
  std::map<std::string, ir::Tensor> tensors;
  if (!file_exists(path)) return tensors;
  auto file = Safetensors::read(path);
  if (!file) {
    report(diagnostics, file.error());
    return std::nullopt;
  }
  for (const auto& entry : file->entries()) {
    const auto bytes = std::as_bytes(file->bytes(entry));
    const ir::Type type{entry.dtype, entry.shape, {}};
    if (!ir::valid(type.shape, type.dtype)) {
      report(diagnostics,
             fmt::format("{}: '{}' {} is too large", path, entry.name, ir::to_string(entry.shape)));
      return std::nullopt;
    }
    tensors.emplace(entry.name, ir::Tensor(type, {bytes.begin(), bytes.end()}));
  }
  return tensors;
}

}  // namespace

std::string tensors_path(const std::string& path) {
  return path + ".safetensors";
}

std::optional<ir::Module> load_lir(const std::string& path, SourceManager& sources,
                                   Diagnostics& diagnostics, ir::SchedulePlaces* schedules) {
  const auto file = add_source(path, sources, diagnostics);
  if (!file) return std::nullopt;
  const auto tensors = read_tensors(tensors_path(path), diagnostics);
  if (!tensors) return std::nullopt;
  auto module = ir::read(*file, *tensors, diagnostics, schedules);
  if (!module) return std::nullopt;
  const auto refuse = [&](const ir::Place& place, std::string message, std::string remedy) {
    Diagnostic diagnostic;
    diagnostic.place = place.diag();
    if (!diagnostic.place.span) diagnostic.place.name = path;
    diagnostic.message = std::move(message);
    diagnostic.remedy = std::move(remedy);
    diagnostics.report(std::move(diagnostic));
    return std::nullopt;
  };
  ir::Place where;
  if (const auto broken = ir::verify(*module, &where))
    return refuse(where, *broken, "correct the text; `linnet dump` prints modules that pass");
  if (const auto fault = ir::check_recipes(*module))
    return refuse(fault->place, fault->message, fault->remedy);
  return module;
}

namespace {

// Text IR can be anything; what is used as a model begins with the graph of its use, which reads
// only what a product has. The message and the remedy, or nothing.
std::optional<std::pair<std::string, std::string>> no_model(const ir::Module& module) {
  using ir::SlotKind;
  if (module.graphs.empty()) return {{"no graph in it", "`linnet kernel` runs kernels alone"}};
  const ir::Graph& graph = module.graphs.front();
  const bool step = graph.name == ir::kStep;
  if (!step && graph.name != ir::kPredict)
    return {{fmt::format("the first graph is @{}", graph.name),
             "a model begins with @predict, or with @step if it has a state"}};
  const auto is_state = [](const ir::Slot* slot) { return slot && slot->kind == SlotKind::kState; };
  const auto moves = [&](const auto& port) {
    return !port.slot.empty() && is_state(module.slot(port.slot));
  };
  if (step && std::ranges::none_of(graph.inputs, moves) &&
      std::ranges::none_of(graph.outputs, moves))
    return {{"@step without a state", "a graph without a state is called @predict"}};
  for (const ir::GraphInput& input : graph.inputs) {
    const ir::Slot* slot = input.slot.empty() ? nullptr : module.slot(input.slot);
    if (!slot || slot->kind == SlotKind::kParameter || slot->kind == SlotKind::kBuffer) continue;
    if (step && is_state(slot)) continue;
    return {{fmt::format("@{} reads @{}, of kind {}", graph.name, slot->path, name(slot->kind)),
             is_state(slot) ? "a graph with a state is called @step"
                            : "only graphs of training read it"}};
  }
  return std::nullopt;
}

// Text IR is what it is.
class LirFile final : public ModelFile {
public:
  explicit LirFile(ir::Module module) : module_(std::move(module)) {}
  std::optional<ir::Module> at_batch(int64_t, bool, Diagnostics&) override { return module_; }
  [[nodiscard]] std::optional<bool> batched() const override { return false; }

private:
  ir::Module module_;
};

// An ONNX model with what its shapes and `data` mean.
class ImportedFile final : public ModelFile {
public:
  ImportedFile(std::unique_ptr<ModelFile> file, bool named)
      : file_(std::move(file)), named_(named) {}
  std::optional<ir::Module> at_batch(int64_t samples, bool training,
                                     Diagnostics& diagnostics) override {
    auto module = file_->at_batch(samples, training, diagnostics);
    if (!module) return std::nullopt;
    if (!named_) module->name = "model";  // there is no file's name
    take_planes(*module);
    check_declared_shapes(*module, diagnostics);
    return diagnostics.has_errors() ? std::nullopt : std::move(module);
  }

private:
  std::unique_ptr<ModelFile> file_;
  bool named_;
};

}  // namespace

std::optional<ir::Module> load_model(const std::string& path, SourceManager& sources,
                                     const ImportOptions& options, Diagnostics& diagnostics) {
  const auto file = open_model(path, sources, options, diagnostics);
  return file ? file->at_batch(options.batch, options.training, diagnostics) : std::nullopt;
}

std::unique_ptr<ModelFile> open_model(const std::string& path, SourceManager& sources,
                                      const ImportOptions& options, Diagnostics& diagnostics) {
  if (is_folder(path)) {
    report(diagnostics, path + ": a folder, not a model", Status::kBadInput,
           "name a .lin, .onnx or .lir file in it");
    return nullptr;
  }
  const std::string kind = path == kStandardInput ? kind_of_standard_input() : path;
  if (kind.ends_with(".lir")) {
    auto module = load_lir(path, sources, diagnostics);
    if (!module) return nullptr;
    if (auto fault = no_model(*module)) {
      report(diagnostics, fmt::format("{}: {}", path, fault->first), Status::kBadInput,
             std::move(fault->second));
      return nullptr;
    }
    check_declared_shapes(*module, diagnostics);
    return diagnostics.has_errors() ? nullptr : std::make_unique<LirFile>(std::move(*module));
  }
  if (kind.ends_with(".onnx")) {
    if (!options.model.empty()) {
      report(diagnostics, fmt::format("--model {}: an ONNX file holds one model", options.model),
             Status::kBadCall);
      return nullptr;
    }
    auto file = open_onnx(path, sources, options, diagnostics);
    if (!file) return nullptr;
    return std::make_unique<ImportedFile>(std::move(file), path != kStandardInput);
  }
  if (const std::string other = other_framework(path); !other.empty()) {
    report(diagnostics, path + ": a model's name ends in .lin, .onnx or .lir", Status::kBadInput,
           other);
    return nullptr;
  }
  if (!kind.ends_with(".lin")) {
    report(diagnostics, path + ": a model's name ends in .lin, .onnx or .lir", Status::kBadInput);
    return nullptr;
  }
  const auto file = add_source(path, sources, diagnostics);
  if (!file) return nullptr;
  return open_lin(*file, sources, options, diagnostics);
}

bool save_lir(const std::string& path, const ir::Module& module, Diagnostics& diagnostics) {
  const ir::Printed printed = ir::print(module);
  if (path == "-") {
    std::fwrite(printed.text.data(), 1, printed.text.size(), stdout);
    return true;
  }
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : printed.tensors) {
    tensors.push_back({name, tensor.type().dtype, tensor.type().shape, tensor.bytes().data()});
  }
  if (!tensors.empty()) {
    if (auto done = write_safetensors(tensors_path(path), tensors); !done) {
      report(diagnostics, done.error());
      return false;
    }
  }
  if (auto done = write_file(path, printed.text); !done) {
    report(diagnostics, done.error());
    return false;
  }
  return true;
}

}  // namespace linnet::frontend
