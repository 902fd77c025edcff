// The whole C file, from its opening comment to its last function.
#include "codegen/source/c_source.h"

#include "codegen/emit/entries.h"
#include "codegen/emit/kernel_symbols.h"
#include "codegen/source/constants.h"
#include "codegen/source/entry.h"
#include "codegen/source/helpers.h"
#include "codegen/source/kernel.h"

#include <fmt/format.h>

#include <set>

namespace linnet::codegen {
namespace {

using namespace source;

std::string opening(const CompileOptions& options, const Compiled& compiled) {
  const std::string macro = upper_case(options.name);
  return fmt::format(
      R"(/* Model {0}, written in C99 by linnet {1}: the reference of its libraries, and for
 * machines that linnet has no code for. {2}.h says what its functions take and return.
 * Above each kernel stands what it computes in linnet's IR, with all shapes. Between kernels values
 * lie in the arena, {3} bytes of which the planner has given each its place.
 *
 *   cc -std=c99 -O2 -ffp-contract=off main.c {0}.c -lm
 *
 * Every sum is one chain in the order of its loops, and a product that meets a sum is fused with it
 * by {4}_FMAF. So any conforming compiler gives the same bits, those of a library of
 * `linnet compile --schedule-like scalar` for a target with fused multiply-add. It must not fuse,
 * reorder or widen by itself: no -ffast-math, no -ffp-contract=fast. Define
 * {4}_FMAF(a, b, c) and {4}_FMA(a, b, c) where the instruction has another name.
 *
 * Weights: {5}; in hexadecimal, so that they are exact. */
)",
      options.name, LINNET_VERSION, options.name, compiled.arena_bytes, macro,
      options.untrained ? "initial values, untrained" : options.weights_hash.substr(0, 16));
}

constexpr std::string_view kDoubles = R"(#if DBL_MANT_DIG != 53
#error "double is not IEEE 754's binary64"
#endif
)";

// `doubles`: does the file compute in them? Where it does not, they may be as short as floats.
std::string preamble(const CompileOptions& options, bool doubles) {
  const std::string macro = upper_case(options.name);
  return fmt::format(R"(#include "{0}.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_RADIX != 2 || FLT_MANT_DIG != 24
#error "float is not IEEE 754's binary32"
#endif
{2}#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "expressions of float are computed in another type; x87: -msse2 -mfpmath=sse"
#endif
#ifdef __FAST_MATH__
#error "-ffast-math changes bits"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#ifndef {1}_FMAF
#define {1}_FMAF(a, b, c) fmaf(a, b, c)
#endif
#ifndef {1}_FMA
#define {1}_FMA(a, b, c) fma(a, b, c)
#endif

)",
                     options.name, macro, doubles ? kDoubles : "");
}

}  // namespace

passes::TargetInfo in_scalar_order(passes::TargetInfo info) {
  info.vector_registers = 0;
  return info;
}

Target source_target() {
  Target target;
  target.record.name = "c99";
  target.record.products = 0;
  target.info = in_scalar_order(target.info);
  target.info.name = "c99";
  return target;
}

std::optional<NotInC> not_in_c(std::span<const ir::Module> modules) {
  for (const ir::Module& module : modules) {
    for (const ir::Graph& kernel : module.kernels) {
      if (auto fault = source::not_in_c(kernel)) return fault;
    }
  }
  return std::nullopt;
}

Result<Compiled, Failure> c_source(std::span<const ir::Module> modules,
                                   const CompileOptions& options) {
  const std::vector<EntryInfo> entries = entry_infos(modules, options);
  const std::vector<RawFunction> raw = raw_functions(entries, options.name);
  const Ports ports = ports_of(modules.back());
  std::set<std::string> taken = taken_symbols(entries, ports, options.name);
  taken.merge(helper_names(options.name));
  const KernelSymbols kernels(modules, options.name, taken);
  Compiled compiled;
  compiled.name = options.name;
  compiled.target = options.target.info.name;
  compiled.record = options.target.record;
  set_sizes(compiled, entries, raw);
  compiled.header = c_header(header_entries(entries, raw), compiled, options);

  Names symbols;
  for (const std::string& symbol : taken)
    symbols.fresh(symbol);
  Called called;
  std::string functions;
  for (const KernelSymbols::Kernel& kernel : kernels.kernels()) {
    symbols.fresh(kernel.symbol);
    functions += kernel_function(*kernel.graph, kernel.symbol, options.name, called) + "\n";
  }
  Constants constants(options.name, symbols);
  const File file{options, compiled.header, kernels, constants};
  for (const EntryInfo& entry : entries)
    functions += entry_function(file, entry) + "\n";
  if (const EntryInfo* step = step_of(entries)) functions += stream_functions(file, *step);
  for (const RawFunction& function : raw)
    functions += raw_function(file, function);
  functions += fmt::format("int {}_supported(void) {{\n  return 1;\n}}\n", options.name);
  if (constants.bytes() > Constants::kMostBytes)
    return tl::unexpected(
        Failure{Status::kUnsupported,
                fmt::format("--emit c: {} bytes of weights, and a C file has at most {}",
                            constants.bytes(), Constants::kMostBytes),
                "--emit lib"});
  const std::string body = unit_definitions(ports, options.name) + constants.text() +
                           helper_functions(called, options.name) + functions;
  const bool doubles = body.find("double") != std::string::npos;
  compiled.source = opening(options, compiled) + preamble(options, doubles) + body;
  return compiled;
}

}  // namespace linnet::codegen
