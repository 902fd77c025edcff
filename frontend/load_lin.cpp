#include "frontend/declare.h"
#include "frontend/elaborate.h"
#include "frontend/frontend.h"
#include "frontend/parser.h"

#include "support/text.h"

#include <fmt/format.h>

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
  if (names.empty()) {
    diagnostics.error({source, 0, 0}, "there is no model in this file")
        .help("model name(x: f32[N, 4]) -> y: f32[N, 1] { … }");
    return nullptr;
  }
  if (!wanted.empty() && !chosen) {
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
    if (at == seen.end() || !at->second->is_model)
      diagnostics.error(block.span, fmt::format("there is no model '{}'", block.name));
  }
}

std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
}

}  // namespace

std::optional<ir::Module> load_lin(uint32_t file, SourceManager& sources,
                                   const ImportOptions& options, Diagnostics& diagnostics) {
  const File user = parse(file, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  uint32_t prelude_file = 0;
  const File prelude = parse_prelude(sources, prelude_file, diagnostics);
  check_names(user, diagnostics);
  const Block* model = choose_model(user, options.model, file, diagnostics);
  if (!model) return std::nullopt;
  std::vector<const Block*> blocks;
  for (const File* source : {&prelude, &user}) {
    for (const Block& block : source->blocks)
      blocks.push_back(&block);
  }
  Elaborator elaborator(blocks, prelude_file, diagnostics, options);
  auto module = elaborator.model(*model);
  if (!module) return std::nullopt;
  for (const Declarations& block : user.declarations) {
    if (block.name == model->name)
      declare(block, folder_of(sources.name(file)), elaborator.numbers(), *module, diagnostics);
  }
  if (diagnostics.has_errors()) return std::nullopt;
  return module;
}

}  // namespace linnet::frontend
