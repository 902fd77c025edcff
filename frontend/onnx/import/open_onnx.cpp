// Reads an ONNX file once, and imports it at each batch size that is asked for.
#include "frontend/onnx/import/import.h"

#include "frontend/onnx/import/importer.h"
#include "frontend/onnx/import/metadata.h"

#include <functional>
#include <new>

namespace linnet::frontend {
namespace {

// Runs `make`; nothing, with an error, if there is not enough memory.
template <class Result>
Result within_memory(const std::string& path, Diagnostics& diagnostics,
                     const std::function<Result()>& make) {
  try {
    return make();
  } catch (const std::bad_alloc&) {
    Diagnostic diagnostic;
    diagnostic.message = path + ": there is not enough memory for this model";
    diagnostic.status = Status::kMachine;
    diagnostics.report(std::move(diagnostic));
    return {};
  }
}

class OnnxFile final : public ModelFile {
public:
  OnnxFile(std::string path, ::onnx::ModelProto model, SourceManager& sources,
           ImportOptions options)
      : path_(std::move(path)), model_(std::move(model)), sources_(sources),
        options_(std::move(options)) {}

  std::optional<ir::Module> at_batch(int64_t samples, bool, Diagnostics& diagnostics) override {
    return within_memory<std::optional<ir::Module>>(
        path_, diagnostics, [&]() -> std::optional<ir::Module> {
          options_.batch = samples;
          auto module = OnnxImporter(path_, model_, options_, diagnostics).run();
          if (module) declare_exported(model_, path_, sources_, *module, diagnostics);
          if (diagnostics.has_errors()) return std::nullopt;
          return module;
        });
  }

private:
  std::string path_;
  ::onnx::ModelProto model_;
  SourceManager& sources_;
  ImportOptions options_;
};

}  // namespace

std::unique_ptr<ModelFile> open_onnx(const std::string& path, SourceManager& sources,
                                     const ImportOptions& options, Diagnostics& diagnostics) {
  return within_memory<std::unique_ptr<ModelFile>>(
      path, diagnostics, [&]() -> std::unique_ptr<ModelFile> {
        auto model = read_onnx_file(path, diagnostics);
        if (!model) return nullptr;
        ImportOptions complete = options;
        if (complete.states.empty())
          complete.states = exported_states(*model, path, sources, diagnostics);
        if (diagnostics.has_errors()) return nullptr;
        return std::make_unique<OnnxFile>(path, *std::move(model), sources, std::move(complete));
      });
}

std::optional<ir::Module> load_onnx(const std::string& path, SourceManager& sources,
                                    const ImportOptions& options, Diagnostics& diagnostics) {
  const auto file = open_onnx(path, sources, options, diagnostics);
  return file ? file->at_batch(options.batch, false, diagnostics) : std::nullopt;
}

}  // namespace linnet::frontend
