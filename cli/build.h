// Flags of the commands that compile, the files they write, and the line they end with.
#pragma once

#include "cli/pipeline_options.h"
#include "driver/compile.h"
#include "driver/train.h"

#include <optional>
#include <string>

namespace linnet::cli {

// --name.
void add_name(CLI::App& command, driver::Options& options);
// --cache, --no-cache.
void add_cache(CLI::App& command, driver::Options& options);
// All that says which model is compiled, and how.
void add_build(CLI::App& command, Session& session, ModelOptions& model, PipelineFlags& pipeline,
               driver::Options& options);
// The same without MODEL.
void add_build_settings(CLI::App& command, Session& session, ModelOptions& model,
                        PipelineFlags& pipeline, driver::Options& options);

// By the flags of a command; what they say of cache, name and product is in `options`. nullopt,
// with the reason reported, on failure.
[[nodiscard]] std::optional<driver::Product> build(Session& session, const ModelOptions& model,
                                                   const PipelineFlags& flags,
                                                   driver::CompileOptions options);
[[nodiscard]] std::optional<driver::Product> build_trainer(Session& session,
                                                           const ModelOptions& model,
                                                           const PipelineFlags& flags,
                                                           driver::TrainerOptions options);
// The same of a model that is open already.
[[nodiscard]] std::optional<driver::Product> build(Session& session, driver::Model& opened,
                                                   const ModelOptions& model,
                                                   const PipelineFlags& flags,
                                                   driver::CompileOptions options);
[[nodiscard]] std::optional<driver::Product> build_trainer(Session& session, driver::Model& opened,
                                                           const ModelOptions& model,
                                                           const PipelineFlags& flags,
                                                           driver::TrainerOptions options);

// --emit exe, lib, shared, obj, wasm or c.
CLI::Option* add_emit(CLI::App& command, std::optional<driver::Emit>& emit, const std::string& doc);
// Of --emit wasm: the target it is for, unless one is given. False, with an error, if `path` is no
// name for it.
[[nodiscard]] bool prepare_wasm(Session& session, ModelOptions& model, const std::string& path);
// --static, --cc, --sysroot: how what --emit makes is linked.
void add_linking(CLI::App& command, driver::Options& options);
// False, with an error, if one of them was given for what is not linked; `emit` is empty where
// nothing is made.
[[nodiscard]] bool linking_fits(Session& session, const driver::Options& options,
                                std::optional<driver::Emit> emit);
// Writes the product's files (driver::write) and closes the command with a line on them.
[[nodiscard]] Status write_product(Session& session, const codegen::Compiled& compiled,
                                   driver::Emit emit, const std::string& name,
                                   const std::string& path);

}  // namespace linnet::cli
