// The data block's arithmetic compiled in: entries that take and return raw values.
#pragma once

#include "codegen/emit/emit.h"
#include "codegen/emit/units.h"

namespace linnet::codegen {

// `name`, a function that converts its parameters (units.h says how), calls the entry's, and
// converts back. With `strided` its only input is a picture in rows `row_stride` bytes apart: that
// parameter is the second one. Nothing is written to outputs unless it returns 0.
void emit_raw(llvm::Module& module, const EntryInfo& entry, const Ports& ports, const RawEntry& raw,
              const CompileOptions& options, const std::string& name, bool strided);

// The same for `count` steps, of the raw step called `name`.
void emit_raw_steps(llvm::Module& module, const RawEntry& raw, const CompileOptions& options,
                    const std::string& step, const std::string& name);

// Constants of the header: scales, labels and categories. Before emit_raw, which reads them.
void emit_units(llvm::Module& module, const Ports& ports, const CompileOptions& options);

}  // namespace linnet::codegen
