// Reads the protobuf, external data too; tells files of other frameworks by their first bytes.
#include "frontend/onnx/import/model_file.h"

#include "frontend/model_bytes.h"

#include "frontend/onnx/import/schemas.h"

#include "base/io/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace linnet::frontend {
namespace {

// Parts of the files' names, the framework, and how to get from there to ONNX.
struct Framework {
  std::string_view ending, name, line;
};
constexpr std::array kFrameworks = std::to_array<Framework>({
    {".pt", "PyTorch", "torch.onnx.export(model.eval(), example_inputs, \"model.onnx\")"},
    {".pth", "PyTorch", "torch.onnx.export(model.eval(), example_inputs, \"model.onnx\")"},
    {".pt2", "PyTorch",
     "torch.onnx.export(torch.export.load(\"model.pt2\"), f=\"model.onnx\", dynamo=True)"},
    {".h5", "Keras",
     "keras.models.load_model(\"model.h5\").export(\"model.onnx\", format=\"onnx\")"},
    {".keras", "Keras",
     "keras.models.load_model(\"model.keras\").export(\"model.onnx\", format=\"onnx\")"},
    {".tflite", "TensorFlow Lite",
     "tf2onnx.convert.from_tflite(\"model.tflite\", output_path=\"model.onnx\")"},
    {".pb", "TensorFlow", "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx"},
    {".pkl", "scikit-learn",
     "skl2onnx.to_onnx(model, X[:1].astype(\"float32\"), options={\"zipmap\": False})"},
    {".joblib", "scikit-learn",
     "skl2onnx.to_onnx(model, X[:1].astype(\"float32\"), options={\"zipmap\": False})"},
});

void report(Diagnostics& diagnostics, const std::string& path, std::string message,
            std::string remedy = "", Status status = Status::kBadInput) {
  Diagnostic diagnostic;
  diagnostic.message = fmt::format("{}: {}", path, message);
  diagnostic.remedy = std::move(remedy);
  diagnostic.status = status;
  diagnostics.report(std::move(diagnostic));
}

// The bytes that other formats begin with, whatever the file is called.
std::string_view format_of(std::span<const uint8_t> bytes) {
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()),
                               std::min<size_t>(bytes.size(), 8));
  if (begin.starts_with("PK\x03\x04")) return "a zip archive, as PyTorch's .pt files are";
  if (begin.starts_with("\x89HDF")) return "an HDF5 file, as Keras writes";
  if (begin.size() == 8 && begin.substr(4) == "TFL3") return "a TensorFlow Lite model";
  if (begin.starts_with("\x80\x02") || begin.starts_with("\x80\x04"))
    return "a Python pickle, as old PyTorch files are";
  return "";
}

// The versions; true if linnet knows them.
bool check_versions(const ::onnx::ModelProto& model, const std::string& path,
                    Diagnostics& diagnostics) {
  bool ok = true;
  if (model.ir_version() < 1) {
    report(
        diagnostics, path,
        fmt::format("ir_version is {}; every ONNX file states one from 1 on", model.ir_version()),
        "export the model again, or load and save it with the onnx package");
    ok = false;
  }
  if (model.opset_import().empty() && model.ir_version() >= 3) {
    report(diagnostics, path, "no operator set is imported, so no operator has a meaning",
           "opset_import = [onnx.helper.make_opsetid(\"\", 17)]");
    ok = false;
  }
  for (const auto& set : model.opset_import()) {
    const bool standard = set.domain().empty() || set.domain() == "ai.onnx";
    if (!standard || !ok) continue;
    if (set.version() < 1) {
      report(diagnostics, path, fmt::format("operator set version {}", set.version()),
             "versions begin with 1");
      ok = false;
    } else if (set.version() > newest_opset()) {
      report(diagnostics, path,
             fmt::format("operator set {} is newer than the newest this linnet knows, {}",
                         set.version(), newest_opset()),
             fmt::format("in Python: onnx.save(onnx.version_converter.convert_version("
                         "onnx.load(\"IN.onnx\"), {}), \"OUT.onnx\")",
                         newest_opset()),
             Status::kUnsupported);
      ok = false;
    } else if (set.version() < 7) {
      report(diagnostics, path,
             fmt::format("operator set {} is older than 7, which changed how shapes broadcast",
                         set.version()),
             "in Python: onnx.save(onnx.version_converter.convert_version(onnx.load(\"IN.onnx\"), "
             "17), \"OUT.onnx\")",
             Status::kUnsupported);
      ok = false;
    }
  }
  return ok;
}

}  // namespace

std::string other_framework(const std::string& path) {
  for (const Framework& framework : kFrameworks) {
    if (path.ends_with(framework.ending))
      return fmt::format("this is a {} file; in Python: {}", framework.name, framework.line);
  }
  return "";
}

std::optional<::onnx::ModelProto> read_onnx_file(const std::string& path,
                                                 Diagnostics& diagnostics) {
  auto bytes = read_model_file(path, std::numeric_limits<int32_t>::max());
  if (!bytes) {
    report(
        diagnostics, path,
        bytes.error().message.substr(bytes.error().message.starts_with(path) ? path.size() + 2 : 0),
        "", bytes.error().status);
    return std::nullopt;
  }
  ::onnx::ModelProto model;
  const bool parsed = model.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()));
  if (!parsed || bytes->empty() || (!model.has_graph() && model.ir_version() == 0)) {
    const std::string_view format = format_of(*bytes);
    report(
        diagnostics, path,
        bytes->empty() ? std::string("the file is empty")
        : !format.empty()
            ? fmt::format("not an ONNX model but {}", format)
            : "not an ONNX model: its bytes are damaged, cut off, or nest messages more than 100 "
              "deep",
        "onnx.checker.check_model(\"model.onnx\") tells whether another reader takes it");
    return std::nullopt;
  }
  if (!check_versions(model, path, diagnostics)) return std::nullopt;
  if (!model.has_graph() || model.graph().output().empty()) {
    report(diagnostics, path, "the model has no graph with outputs", "export it again");
    return std::nullopt;
  }
  return model;
}

}  // namespace linnet::frontend
