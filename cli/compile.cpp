// linnet compile MODEL: an executable, a library or an object file.
#include "cli/build.h"
#include "cli/report.h"

#include "base/io/file.h"
#include "codegen/inspect/functions.h"
#include "frontend/load.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cctype>
#include <sys/stat.h>

namespace linnet::cli {
namespace {

struct CompileFlags {
  ModelOptions model;
  PipelineFlags pipeline;
  driver::CompileOptions build;
  std::string output;
  std::optional<driver::Emit> emit;
  std::string dump_dir;
  std::string report;  // a page besides
};

bool write_text(Session& session, const std::string& path, std::string_view text) {
  const auto done = write_file(path, text);
  if (!done) session.error(done.error().message, done.error().status);
  return done.has_value();
}

// A kernel's own texts; what became part of its caller has no machine code of its own.
bool write_kernel_dumps(Session& session, const std::string& folder, const driver::Product& built) {
  const codegen::Compiled& compiled = built.compiled;
  bool ok = true;
  for (const codegen::KernelWork& work : compiled.work) {
    const std::string base = folder + "/" + work.name;
    std::string optimised = codegen::llvm_function(compiled.llvm, work.symbol);
    if (optimised.empty()) optimised = codegen::llvm_function(compiled.llvm, work.body);
    std::string assembly = codegen::assembly_function(compiled.assembly, work.symbol);
    if (assembly.empty()) assembly = codegen::assembly_function(compiled.assembly, work.body);
    ok = ok && write_text(session, base + ".stmt", work.stmt) &&
         write_text(session, base + ".before.ll",
                    codegen::llvm_function(compiled.llvm_before, work.body)) &&
         (optimised.empty() || write_text(session, base + ".ll", optimised)) &&
         (assembly.empty() || write_text(session, base + ".s", assembly));
  }
  return ok;
}

// Every level of what was compiled, in the languages of those who compile.
Status write_dumps(Session& session, const CompileFlags& flags, const driver::Product& built) {
  mkdir(flags.dump_dir.c_str(), 0777);
  const std::string base = flags.dump_dir + "/" + built.compiled.name;
  const bool ok = frontend::save_lir(base + ".lir", built.modules.front(), session.diagnostics) &&
                  write_text(session, base + ".before.ll", built.compiled.llvm_before) &&
                  write_text(session, base + ".ll", built.compiled.llvm) &&
                  write_text(session, base + ".s", built.compiled.assembly) &&
                  write_kernel_dumps(session, flags.dump_dir, built);
  return ok ? Status::kDone : Status::kMachine;
}

// The IR alone, of a pipeline that ends before there is code.
Status dump_unfinished(Session& session, const CompileFlags& flags) {
  const auto target = flags.model.find_target(session);
  auto module = flags.model.load(session, flags.pipeline);
  if (!target || !module) return Status::kBadInput;
  const std::string name = driver::c_identifier(module->name);
  driver::mark_probabilities(*module);
  const auto lowered =
      flags.pipeline.run(session, std::move(*module), *target, flags.model.seed,
                         passes::pipeline(passes::Phase::kTraining, passes::Phase::kPlanned));
  if (!lowered) return Status::kBug;
  mkdir(flags.dump_dir.c_str(), 0777);
  const std::string path = fmt::format("{}/{}.lir", flags.dump_dir, name);
  return frontend::save_lir(path, *lowered, session.diagnostics) ? Status::kDone : Status::kMachine;
}

// Compiles once more, so that the product is the same with a page and without.
Status report(Session& session, const CompileFlags& flags) {
  ReportOptions page;
  page.model = flags.model;
  page.pipeline = flags.pipeline;
  page.build = flags.build;
  page.output = flags.report;
  const std::string closing = session.closing;
  const Status status = write_report(session, page);
  session.closing = closing;
  return status;
}

Status run(Session& session, CompileFlags& flags) {
  if (!flags.model.spares(session, flags.output, flags.pipeline.tuning) ||
      !takes_report(session, flags.model, flags.pipeline.tuning, flags.report))
    return session.diagnostics.status();
  const driver::Emit emit = flags.emit.value_or(driver::Emit::kExecutable);
  const bool executable = emit == driver::Emit::kExecutable;
  flags.build.es_module = emit == driver::Emit::kWasm;
  if (flags.build.es_module && !prepare_wasm(session, flags.model, flags.output))
    return Status::kBadCall;
  if (!linking_fits(session, flags.build, emit)) return Status::kBadCall;
  flags.model.portable = flags.build.source = emit == driver::Emit::kSource;
  if (flags.build.source && !(flags.dump_dir.empty() && flags.report.empty())) {
    session.error(fmt::format("{} what machine code is made of, and --emit c makes none",
                              flags.dump_dir.empty() ? "--report shows" : "--dump-dir writes"),
                  Status::kBadCall, "linnet dump prints the IR");
    return Status::kBadCall;
  }
  if (!flags.pipeline.stop_after.empty() && !flags.dump_dir.empty())
    return dump_unfinished(session, flags);
  if (const auto target = flags.model.find_target(session);
      !target || !driver::can_make(emit, *target, session.host))
    return Status::kBadCall;
  flags.build.product = executable;
  flags.pipeline.remarks = true;
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
  const Status written =
      write_product(session, built->compiled, emit, built->compiled.name, flags.output);
  return written == Status::kDone && !flags.report.empty() ? report(session, flags) : written;
}

}  // namespace

void add_compile(CLI::App& app, Session& session) {
  auto flags = std::make_shared<CompileFlags>();
  CLI::App* command = app.add_subcommand("compile", "Compile a model to native code");
  command->footer("linnet compile lenet.lin --weights lenet.safetensors --emit lib");
  add_build(*command, session, flags->model, flags->pipeline, flags->build);
  add_quiet(*command, session);
  command->add_option("-o,--output", flags->output, "The file to write; a header goes beside it")
      ->check(file_fault)
      ->type_name("OUT");
  add_emit(*command, flags->emit,
           "Kind of output: program, C library, object file, WebAssembly, or C source")
      ->default_str(std::string(word(driver::Emit::kExecutable)));
  add_name(*command, flags->build);
  command->add_option("--jobs", flags->build.jobs, "Kernels compiled at the same time")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  flags->pipeline.add_threads(*command);
  flags->model.add_sections(*command);
  add_linking(*command, flags->build);
  command->add_flag("--debug-symbols", flags->build.debug_symbols,
                    "Keep symbols, kernels' too, and what perf and gdb need to find callers");
  command->add_flag("--flush-denormals", flags->build.flush_denormals,
                    "Treat denormal numbers as zeros during a call (by MXCSR, on Arm by FPCR)");
  command
      ->add_option("--dump-dir", flags->dump_dir,
                   "Also write the IR, LLVM IR before and after optimisation, and "
                   "assembly there; for each kernel also Halide's Stmt; with "
                   "--stop-after the IR alone")
      ->type_name("DIR");
  add_report_option(*command, flags->report);
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
