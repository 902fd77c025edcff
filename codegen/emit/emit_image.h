// A picture's bytes decoded inside the compiled model.
#pragma once

#include "codegen/emit/ports.h"

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {

// Fills planes of f32 at `to` from rows of pixels `row_stride` bytes apart, in the arithmetic of
// base/io/image.h at the picture's own size. The builder goes on where that is done.
void decode_picture(llvm::IRBuilder<>& builder, const linnet_image_v1& image, llvm::Value* pixels,
                    llvm::Value* row_stride, llvm::Value* to);

}  // namespace linnet::codegen
