// The driver by the flags of a command.
#include "cli/build.h"

#include "base/io/file.h"
#include "cli/help.h"
#include "cli/text_table.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <sys/stat.h>

namespace linnet::cli {
namespace {

// Of a file just written, for people.
std::string size_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return "? bytes";
  return size_text(status.st_size);
}

// A wrong target is told before the model is read.
std::optional<driver::Model> open_for_target(Session& session, const ModelOptions& model,
                                             const PipelineFlags& flags) {
  if (!model.find_target(session)) return std::nullopt;
  return model.open(session, flags);
}

// What every product is made with; the target, or nullopt, with an error.
std::optional<codegen::Target> told(Session& session, const ModelOptions& model,
                                    const PipelineFlags& flags, driver::Options& options) {
  options.seed = model.seed;
  options.passes = flags;
  return model.find_target(session);
}

}  // namespace

void add_name(CLI::App& command, driver::Options& options) {
  command.add_option("--name", options.name, "Name of the model in C: prefix of every symbol")
      ->check([](const std::string& name) {
        return name == driver::c_identifier(name) ? "" : "a C identifier is expected";
      });
}

void add_cache(CLI::App& command, driver::Options& options) {
  const TitledOptions title(command, "Compilation options");
  auto* folder =
      command.add_option("--cache", options.cache, "Cache folder instead of ~/.cache/linnet")
          ->type_name("DIR");
  command.add_flag("--no-cache", options.no_cache, "Neither read nor write the cache")
      ->excludes(folder);
}

void add_build(CLI::App& command, Session& session, ModelOptions& model, PipelineFlags& pipeline,
               driver::Options& options) {
  model.add_path(command);
  add_build_settings(command, session, model, pipeline, options);
}

void add_build_settings(CLI::App& command, Session& session, ModelOptions& model,
                        PipelineFlags& pipeline, driver::Options& options) {
  model.add_model_settings(command);
  model.add_dtype(command);
  model.add_weights(command);
  model.add_target(command);
  pipeline.add(command, session);
  add_cache(command, options);
}

std::optional<driver::Product> build(Session& session, const ModelOptions& model,
                                     const PipelineFlags& flags, driver::CompileOptions options) {
  auto opened = open_for_target(session, model, flags);
  return opened ? build(session, *opened, model, flags, std::move(options)) : std::nullopt;
}

std::optional<driver::Product> build(Session& session, driver::Model& opened,
                                     const ModelOptions& model, const PipelineFlags& flags,
                                     driver::CompileOptions options) {
  const Working working(session, "reading " + model.path);
  const auto target = told(session, model, flags, options);
  if (!target) return std::nullopt;
  options.batch = model.batch;
  return driver::compile(opened, *target, options, session.host);
}

std::optional<driver::Product> build_trainer(Session& session, const ModelOptions& model,
                                             const PipelineFlags& flags,
                                             driver::TrainerOptions options) {
  auto opened = open_for_target(session, model, flags);
  return opened ? build_trainer(session, *opened, model, flags, std::move(options)) : std::nullopt;
}

std::optional<driver::Product> build_trainer(Session& session, driver::Model& opened,
                                             const ModelOptions& model, const PipelineFlags& flags,
                                             driver::TrainerOptions options) {
  const Working working(session, "reading " + model.path);
  const auto target = told(session, model, flags, options);
  if (!target) return std::nullopt;
  options.batch = model.batch;
  return driver::trainer(opened, *target, options, session.host);
}

CLI::Option* add_emit(CLI::App& command, std::optional<driver::Emit>& emit,
                      const std::string& doc) {
  std::vector<std::string> words;
  for (const auto& [word, kind] : driver::kEmits)
    words.emplace_back(word);
  return command
      .add_option_function<std::string>(
          "--emit",
          [&emit](const std::string& given) {
            for (const auto& [word, kind] : driver::kEmits) {
              if (given == word) emit = kind;
            }
          },
          doc)
      ->check(CLI::IsMember(words));
}

bool prepare_wasm(Session& session, ModelOptions& model, const std::string& path) {
  if (!model.target) model.target = "wasm32-simd128";
  if (path.empty() || path.ends_with(".wasm")) return true;
  session.error(fmt::format("-o {}: a name that ends in .wasm is expected", path), Status::kBadCall,
                "the ES module beside it is called NAME.mjs, its types NAME.d.mts");
  return false;
}

void add_linking(CLI::App& command, driver::Options& options) {
  codegen::LinkOptions& link = options.link;
  command.add_flag("--static", link.is_static,
                   "An executable that needs no dynamic loader and no library");
  command
      .add_option("--cc", link.compiler,
                  "Compiler that links executables and shared libraries, instead of the target's "
                  "own (clang links for all)")
      ->check([](const std::string& name) { return name.empty() ? "a program is expected" : ""; })
      ->type_name("PROGRAM");
  command
      .add_option("--sysroot", link.sysroot,
                  "Root of the system whose libraries are linked, as of a Raspberry Pi's card")
      ->check([](const std::string& path) {
        return is_folder(path) ? "" : fmt::format("'{}' is no folder", path);
      })
      ->type_name("DIR");
}

bool linking_fits(Session& session, const driver::Options& options,
                  std::optional<driver::Emit> emit) {
  const bool executable = emit == driver::Emit::kExecutable;
  const codegen::LinkOptions& link = options.link;
  std::string_view given;
  if (link.is_static && !executable) given = "--static";
  if (!executable && emit != driver::Emit::kShared) {
    if (!link.compiler.empty()) given = "--cc";
    if (!link.sysroot.empty()) given = "--sysroot";
  }
  if (given.empty()) return true;
  if (!emit)
    session.error(fmt::format("{} is for what --emit links", given), Status::kBadCall,
                  "--emit exe makes a trainer");
  else if (given == "--static")
    session.error(fmt::format("--static makes an executable, and --emit {} is none", word(*emit)),
                  Status::kBadCall, "leave one of them out");
  else
    session.error(fmt::format("{} is for what is linked, and --emit {} is not", given, word(*emit)),
                  Status::kBadCall, "leave one of them out");
  return false;
}

Status write_product(Session& session, const codegen::Compiled& compiled, driver::Emit emit,
                     const std::string& name, const std::string& path) {
  const Working working(session, "linking");
  const auto written = driver::write(compiled, emit, name, path, session.host);
  if (!written) return session.diagnostics.status();
  const std::string files =
      written->header.empty() ? written->path : written->path + " and " + written->header;
  session.closing =
      fmt::format("{}  {}  {}  {:.2f} s", files, size_of(written->path), compiled.target,
                  std::chrono::duration<double>(Progress::Clock::now() - session.started).count());
  return Status::kDone;
}

}  // namespace linnet::cli
