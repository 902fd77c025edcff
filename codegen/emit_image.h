// `NAME_run_u8`: a model of pictures called with bytes.
#pragma once

#include "codegen/emit.h"
#include "codegen/picture.h"

namespace linnet::codegen {

// int NAME_run_u8(const uint8_t *pixels, ptrdiff_t row_stride, outputs…, void *arena): pixels of
// the input's size, channels interleaved (RGB whatever `color` says), rows `row_stride` bytes
// apart. Decodes as runtime/io/image.h does: invert, × scale, − mean, ÷ std, each rounded to f32.
// For `entry`, which must be of batch 1.
void emit_run_u8(llvm::Module& module, const EntryInfo& entry, const Ports& ports,
                 const CompileOptions& options);

}  // namespace linnet::codegen
