// A file of the model language → module: parse, build the model, read what is declared about it.
#include "frontend/frontend.h"
#include "frontend/lin/check_batch.h"
#include "frontend/lin/declare.h"
#include "frontend/lin/declared_shapes.h"
#include "frontend/lin/elaborate.h"
#include "frontend/lin/parser.h"
#include "frontend/lin/picture_planes.h"
#include "frontend/onnx/import/fixed_input.h"
#include "frontend/onnx/import/import.h"

#include "base/io/file.h"
#include "base/shortest.h"
#include "base/text.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

extern "C" {
extern const char linnet_embedded_prelude_begin[];
extern const char linnet_embedded_prelude_end[];
}

namespace linnet::frontend {
namespace {

// Parsed again for each model, for places refer to the caller's sources. Takes microseconds.
File parse_prelude(SourceManager& sources, uint32_t& file, Diagnostics& diagnostics) {
  file = sources.add("prelude.lin",
                     std::string(linnet_embedded_prelude_begin, linnet_embedded_prelude_end));
  return parse(file, diagnostics);
}

const Block* choose_model(const File& file, const std::string& wanted, uint32_t source,
                          Diagnostics& diagnostics) {
  std::vector<std::string> names;
  const Block* chosen = nullptr;
  for (const Block& block : file.blocks) {
    if (!block.is_model) continue;
    names.push_back(block.name);
    if (wanted.empty() || block.name == wanted) chosen = &block;
  }
  if (names.empty() && file.faulty) return nullptr;  // it may be what could not be read
  if (names.empty()) {
    diagnostics.error({source, 0, 0}, "there is no model in this file")
        .help("model name(x: f32[N, 4]) -> y: f32[N, 1] { … }");
    return nullptr;
  }
  if (!wanted.empty() && !chosen && !file.faulty) {
    diagnostics.error({source, 0, 0}, fmt::format("there is no model '{}' in this file", wanted))
        .help(did_you_mean(wanted, names));
  }
  if (wanted.empty() && names.size() > 1) {
    diagnostics
        .error(chosen->span, fmt::format("this file has several models: {}", join(names, ", ")))
        .help("choose one: --model " + names.front());
    return nullptr;
  }
  return chosen;
}

void check_names(const File& file, Diagnostics& diagnostics) {
  std::map<std::string, const Block*> seen;
  for (const Block& block : file.blocks) {
    const auto [at, fresh] = seen.emplace(block.name, &block);
    if (!fresh) {
      diagnostics.error(block.span, fmt::format("two blocks or models '{}'", block.name))
          .note(at->second->span, "the other is here");
    }
  }
  for (const Declarations& block : file.declarations) {
    const auto at = seen.find(block.name);
    if (at == seen.end() && file.faulty) continue;
    if (at == seen.end() || !at->second->is_model)
      diagnostics.error(block.span, fmt::format("there is no model '{}'", block.name));
  }
}

// A path that a model file names: relative ones begin at its folder.
std::string under(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : folder + path;
}

// The value that `onnx("FILE", NAME: …)` gives an input or a size; false, reported, if it is none.
bool fix(const Argument& argument, const std::string& folder, ImportOptions& options,
         Diagnostics& diagnostics) {
  // The command line goes first.
  if (options.binds.contains(argument.name) || options.values.contains(argument.name)) return true;
  const Expr& value = *argument.value;
  if (value.kind == ExprKind::kInteger && value.integer > 0) {
    options.binds[argument.name] = value.integer;
    return true;
  }
  const bool negative = value.is_negation();
  const Expr& number = negative ? *value.operands[0] : value;
  if (number.kind == ExprKind::kInteger || number.kind == ExprKind::kReal || value.text == "true" ||
      value.text == "false") {
    const std::string text = number.kind == ExprKind::kInteger ? std::to_string(number.integer)
                             : number.kind == ExprKind::kReal  ? shortest(number.real)
                                                               : value.text;
    options.values[argument.name] = *fixed_number(negative ? "-" + text : text);
    return true;
  }
  const bool file = value.kind == ExprKind::kCall && value.text == "file" &&
                    value.groups.size() == 1 && value.groups[0].size() == 1 &&
                    value.groups[0][0].value->kind == ExprKind::kString;
  if (!file) {
    diagnostics.error(value.span, fmt::format("'{}' takes a number or a file", argument.name))
        .help("sr: 16000, or mask: file(\"mask.npy\")");
    return false;
  }
  auto tensor = fixed_file(under(folder, value.groups[0][0].value->text));
  if (tensor) {
    options.values[argument.name] = *std::move(tensor);
    return true;
  }
  diagnostics.error(value.span, tensor.error().message);
  return false;
}

// model NAME = onnx("FILE", sr: 16000) { state h = h0 -> hn }
std::unique_ptr<ModelFile> open_imported(const Block& model, const std::string& folder,
                                         SourceManager& sources, ImportOptions options,
                                         Diagnostics& diagnostics) {
  const std::string path = under(folder, model.onnx);
  if (!file_exists(path)) {
    diagnostics.error(model.span, fmt::format("there is no file '{}'", path))
        .help("the path begins at the folder of this file");
    return nullptr;
  }
  bool ok = true;
  for (const Argument& argument : model.fixed)
    ok = fix(argument, folder, options, diagnostics) && ok;
  for (const ImportedState& state : model.states)
    options.states.push_back(
        {state.name, state.input, state.output, {"zeros", {}}, ir::Place(state.span)});
  return ok ? open_onnx(path, sources, options, diagnostics) : nullptr;
}

// The entry `loss:` of the model's train block: its text as a declaration, and where training is
// asked for the graphs it stands for.
bool add_loss(const File& user, const Block& model, const SourceManager& sources, bool training,
              Elaborator& elaborator, ir::Module& module, Diagnostics& diagnostics) {
  const Declarations* train = nullptr;
  for (const Declarations& block : user.declarations) {
    if (block.name == model.name && block.keyword == "train") train = &block;
  }
  if (!train) return true;
  const Expr* loss = nullptr;
  for (const auto& entry : train->entries) {
    if (entry.target != "loss") continue;
    loss = entry.value.get();
    const std::string text(sources.text(loss->span));
    module.train.push_back({"loss", {"expression", {{"text", text}}}, ir::Place(entry.span)});
  }
  if (!loss && train->faulty) return false;
  if (!loss) {
    diagnostics.error(train->span, "the train block has no 'loss'")
        .help("loss: cross_entropy, mse, mae, huber, bce, or an expression");
    return false;
  }
  ir::Module trained = module;
  // Said whether or not the graphs are wanted: what is wrong with the loss is wrong with the file.
  for (const ir::Declaration& declaration : module.train) {
    if (declaration.target != "freeze") continue;
    for (const std::string& name : declaration.recipe.attrs.get(ir::Key<ir::Strings>{"names"})) {
      for (ir::Slot& slot : trained.slots) {
        if (slot.path == name || slot.path.starts_with(name + ".")) slot.frozen = true;
      }
    }
  }
  if (!elaborator.training(model, *loss, trained) || diagnostics.has_errors()) return false;
  if (training) module = std::move(trained);
  return true;
}

// What is declared about a model that could not be built: checked by the names alone.
void declare_unbuilt(const File& user, const Block& model, const std::string& folder,
                     const Elaborator& elaborator, Diagnostics& diagnostics) {
  if (model.faulty || !model.onnx.empty()) return;
  ir::Module names;
  names.graphs.emplace_back();
  ir::Graph& graph = names.graphs.front();
  const ir::Type type{ir::DType::kF32, {}, {}};
  for (const Parameter& input : model.data)
    graph.add_input(input.name, type);
  const ir::ValueId any = graph.add_input(" any", type);  // no name of the language has a blank
  for (size_t i = 0; i < model.results.size(); ++i) {
    std::string name = model.results[i].name;
    if (name.empty()) name = model.results.size() == 1 ? "output" : fmt::format("output{}", i);
    graph.outputs.push_back({name, any, ""});
  }
  if (model.results.empty()) graph.outputs.push_back({"output", any, ""});
  for (const Declarations& block : user.declarations) {
    if (block.name == model.name)
      declare(block, folder, elaborator.numbers(), names, diagnostics, false);
  }
}

// A file of the language: parsed, its model chosen.
class LinFile final : public ModelFile {
public:
  LinFile(uint32_t file, SourceManager& sources, const ImportOptions& options)
      : sources_(sources), options_(options), source_(file),
        folder_(folder_prefix(sources.name(file))) {}

  // False, with errors reported, if there is nothing to make a module of.
  bool open(Diagnostics& diagnostics) {
    user_ = parse(source_, diagnostics);
    if (diagnostics.full()) return false;
    prelude_ = parse_prelude(sources_, prelude_source_, diagnostics);
    check_names(user_, diagnostics);
    model_ = choose_model(user_, options_.model, source_, diagnostics);
    if (!model_) return false;
    for (const File* file : {&prelude_, &user_}) {
      for (const Block& block : file->blocks)
        blocks_.push_back(&block);
    }
    if (model_->onnx.empty() && !options_.values.empty()) {
      diagnostics
          .error(model_->span, fmt::format("--bind {}: only inputs of an ONNX model can be fixed",
                                           options_.values.begin()->first))
          .help("here --bind NAME=N is the size of a dimension, from 1 on; a number of the model "
                "is a setting, --set");
      return false;
    }
    if (model_->faulty) return false;
    if (!model_->onnx.empty())
      imported_ = open_imported(*model_, folder_, sources_, options_, diagnostics);
    return model_->onnx.empty() || imported_;
  }

  std::optional<ir::Module> at_batch(int64_t samples, bool training,
                                     Diagnostics& diagnostics) override {
    ImportOptions options = options_;  // in the language the batch is the dimension N
    if (samples != 1) options.binds.emplace("N", samples);
    Elaborator elaborator(blocks_, prelude_source_, diagnostics, options);
    auto module =
        imported_ ? imported_->at_batch(samples, training, diagnostics) : elaborator.model(*model_);
    if (!module) {
      declare_unbuilt(user_, *model_, folder_, elaborator, diagnostics);
      return std::nullopt;
    }
    replace_declared(*module);
    if (!imported_ && !check_numbers(options, diagnostics)) return std::nullopt;
    module->name = model_->name;
    for (const Declarations& block : user_.declarations) {
      if (block.name == model_->name)
        declare(block, folder_, elaborator.numbers(), *module, diagnostics);
    }
    if (imported_) take_planes(*module);
    check_declared_shapes(*module, diagnostics);
    const bool ok = add_loss(user_, *model_, sources_, training, elaborator, *module, diagnostics);
    if (!ok || diagnostics.has_errors()) return std::nullopt;
    return module;
  }

  [[nodiscard]] std::optional<bool> batched() const override { return batched_; }

private:
  // What this file declares goes before what an export has in its metadata.
  void replace_declared(ir::Module& module) const {
    for (const Declarations& block : user_.declarations) {
      if (block.name != model_->name || block.keyword != "data") continue;
      std::erase_if(module.data, [&](const ir::Declaration& declared) {
        return std::ranges::find(block.entries, declared.target, &Declarations::Entry::target) !=
               block.entries.end();
      });
    }
  }

  // Once: is the model right for every number of samples, and does it follow them?
  bool check_numbers(const ImportOptions& options, Diagnostics& diagnostics) {
    if (batched_) return true;
    const auto for_samples = [&](int64_t samples, Diagnostics& said) {
      ImportOptions other = options;
      other.binds["N"] = samples;
      return Elaborator(blocks_, prelude_source_, said, other).model(*model_);
    };
    const auto bound = options.binds.find("N");
    const int64_t samples = bound == options.binds.end() ? 1 : bound->second;
    batched_ = check_batch(*model_, samples, for_samples, diagnostics);
    if (!batched_) return false;
    if (options_.binds.contains("N")) batched_ = false;  // it is what --bind says
    return true;
  }

  SourceManager& sources_;
  ImportOptions options_;
  uint32_t source_, prelude_source_ = 0;
  std::string folder_;
  File user_, prelude_;
  const Block* model_ = nullptr;
  std::vector<const Block*> blocks_;
  std::unique_ptr<ModelFile> imported_;  // of `model NAME = onnx(…)`
  std::optional<bool> batched_;
};

}  // namespace

std::unique_ptr<ModelFile> open_lin(uint32_t file, SourceManager& sources,
                                    const ImportOptions& options, Diagnostics& diagnostics) {
  auto opened = std::make_unique<LinFile>(file, sources, options);
  return opened->open(diagnostics) ? std::move(opened) : nullptr;
}

std::optional<ir::Module> load_lin(uint32_t file, SourceManager& sources,
                                   const ImportOptions& options, Diagnostics& diagnostics) {
  const auto opened = open_lin(file, sources, options, diagnostics);
  return opened ? opened->at_batch(options.batch, options.training, diagnostics) : std::nullopt;
}

}  // namespace linnet::frontend
