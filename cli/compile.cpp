// linnet compile MODEL: an executable, a library or an object file.
#include "cli/build.h"

#include "runtime/io/file.h"

#include <fmt/format.h>

#include <cctype>
#include <sys/stat.h>

namespace linnet::cli {
namespace {

struct CompileFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  BuildOptions build;
  std::string output;
  std::string emit = "exe";
  std::string dump_dir;
};

bool write_text(Session& session, const std::string& path, std::string_view text) {
  const auto done = runtime::write_file(path, text);
  if (!done) session.error(done.error().message, static_cast<Status>(done.error().status));
  return done.has_value();
}

// The final IR of every level: what was compiled, in the languages of those who compile.
Status write_dumps(Session& session, const CompileFlags& flags, const Built& built) {
  mkdir(flags.dump_dir.c_str(), 0777);
  const std::string base = flags.dump_dir + "/" + built.compiled.name;
  const bool ok = frontend::save_lir(base + ".lir", built.modules.front(), session.diagnostics) &&
                  write_text(session, base + ".ll", built.compiled.llvm) &&
                  write_text(session, base + ".s", built.compiled.assembly);
  return ok ? Status::kDone : Status::kMachine;
}

Status run(Session& session, CompileFlags& flags) {
  if (!flags.model.spares(session, flags.output)) return Status::kBadCall;
  if (flags.build.link_static && flags.emit != "exe") {
    session.error("--static makes an executable, and --emit " + flags.emit + " is none",
                  Status::kBadCall, "leave one of them out");
    return Status::kBadCall;
  }
  flags.build.product = flags.emit == "exe";
  flags.build.name_tiny_weights = !flags.build.flush_denormals;
  flags.build.keep_text = !flags.dump_dir.empty();
  const auto built = build(session, flags.model, flags.pipeline, flags.build);
  if (!built) return Status::kBadInput;
  if (built->untrained) {
    session.diagnostics.report(
        {.severity = Severity::kWarning,
         .place = {},
         .message = built->compiled.name + " is untrained: its parameters are initial values",
         .remedy = "--weights F.safetensors; linnet train makes such a file"});
  }
  if (!flags.dump_dir.empty()) {
    if (const Status status = write_dumps(session, flags, *built); status != Status::kDone)
      return status;
  }
  return write_product(session, built->compiled, flags.emit, built->compiled.name, flags.output);
}

}  // namespace

void add_compile(CLI::App& app, Session& session) {
  auto flags = std::make_shared<CompileFlags>();
  CLI::App* command = app.add_subcommand("compile", "Compile a model to native code");
  command->footer("linnet compile lenet.lin --weights lenet.safetensors --emit lib");
  flags->model.add_model(*command);
  flags->model.add_dtype(*command);
  flags->model.add_weights(*command);
  flags->model.add_target(*command);
  flags->pipeline.add(*command);
  add_cache(*command, flags->build);
  command->add_option("-o,--output", flags->output, "The file to write; a header goes beside it")
      ->type_name("OUT");
  command->add_option("--emit", flags->emit, "What to make")
      ->check(CLI::IsMember({"exe", "lib", "shared", "obj"}));
  command->add_option("--name", flags->build.name, "Prefix of every symbol")
      ->check([](const std::string& name) {
        return name == c_identifier(name) ? "" : "a C identifier is expected";
      });
  command->add_option("--jobs", flags->build.jobs, "Kernels compiled at the same time")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  command->add_flag("--static", flags->build.link_static,
                    "An executable that needs no dynamic loader and no library");
  command->add_flag("--debug-symbols", flags->build.debug_symbols,
                    "Keep symbols, kernels' too, and what perf and gdb need to find callers");
  command->add_flag("--flush-denormals", flags->build.flush_denormals,
                    "Take denormal numbers as zeros: a call sets and restores MXCSR");
  command
      ->add_option("--dump-dir", flags->dump_dir, "Also write NAME.lir, NAME.ll and NAME.s there")
      ->type_name("DIR");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
