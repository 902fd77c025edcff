// Bytes of pixels to planes of f32 in LLVM IR.
#include "codegen/emit/emit_image.h"

namespace linnet::codegen {
namespace {

using llvm::Value;

constexpr int64_t kWidestRow = 64;  // pixels converted as one vector

class Decoder {
public:
  Decoder(llvm::IRBuilder<>& builder, const linnet_image_v1& image)
      : b_(builder), image_(image), channels_(image.color == 0 ? 1 : 3),
        f32_(llvm::Type::getFloatTy(builder.getContext())) {}

  void decode(Value* pixels, Value* row_stride, Value* to) {
    llvm::BasicBlock* entry = b_.GetInsertBlock();
    llvm::Function* function = entry->getParent();
    auto* rows = llvm::BasicBlock::Create(b_.getContext(), "rows", function);
    auto* done = llvm::BasicBlock::Create(b_.getContext(), "decoded", function);
    b_.CreateBr(rows);
    b_.SetInsertPoint(rows);
    auto* y = b_.CreatePHI(b_.getInt64Ty(), 2);
    y->addIncoming(b_.getInt64(0), entry);
    Value* row = b_.CreateGEP(b_.getInt8Ty(), pixels, b_.CreateMul(y, row_stride));
    for (int64_t c = 0; c < channels_; ++c)
      decode_row(function, row, to, y, c);
    Value* next = b_.CreateAdd(y, b_.getInt64(1));
    y->addIncoming(next, b_.GetInsertBlock());
    b_.CreateCondBr(b_.CreateICmpSLT(next, b_.getInt64(image_.height)), rows, done);
    b_.SetInsertPoint(done);
  }

private:
  // Plane c, row y of the decoded picture.
  void decode_row(llvm::Function* function, Value* row, Value* to, Value* y, int64_t c) {
    Value* start = b_.CreateAdd(b_.CreateMul(y, b_.getInt64(image_.width)),
                                b_.getInt64(c * image_.height * image_.width));
    Value* out = b_.CreateGEP(f32_, to, start);
    if (channels_ == 1 && image_.width <= kWidestRow) {
      auto* bytes = llvm::FixedVectorType::get(b_.getInt8Ty(), static_cast<unsigned>(image_.width));
      Value* pixels = b_.CreateAlignedLoad(bytes, row, llvm::Align(1));
      b_.CreateAlignedStore(arithmetic(pixels, c), out, llvm::Align(4));
      return;
    }
    auto* before = b_.GetInsertBlock();
    auto* loop = llvm::BasicBlock::Create(b_.getContext(), "columns", function);
    auto* end = llvm::BasicBlock::Create(b_.getContext(), "row_done", function);
    b_.CreateBr(loop);
    b_.SetInsertPoint(loop);
    auto* x = b_.CreatePHI(b_.getInt64Ty(), 2);
    x->addIncoming(b_.getInt64(0), before);
    const int64_t channel =
        image_.color == 2 ? 2 - c : c;  // bgr takes the RGB picture's last first
    Value* at = b_.CreateAdd(b_.CreateMul(x, b_.getInt64(channels_)), b_.getInt64(channel));
    Value* pixel = b_.CreateLoad(b_.getInt8Ty(), b_.CreateGEP(b_.getInt8Ty(), row, at));
    b_.CreateAlignedStore(arithmetic(pixel, c), b_.CreateGEP(f32_, out, x), llvm::Align(4));
    Value* next = b_.CreateAdd(x, b_.getInt64(1));
    x->addIncoming(next, loop);
    b_.CreateCondBr(b_.CreateICmpSLT(next, b_.getInt64(image_.width)), loop, end);
    b_.SetInsertPoint(end);
  }

  // Steps that change no value are left out: · 1, − 0, ÷ 1.
  Value* arithmetic(Value* pixels, int64_t c) {
    llvm::Type* type = f32_;
    if (auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(pixels->getType()))
      type = llvm::FixedVectorType::get(f32_, vector->getNumElements());
    const auto constant = [&](double value) {
      return llvm::ConstantFP::get(type, static_cast<double>(static_cast<float>(value)));
    };
    Value* v = b_.CreateUIToFP(pixels, type);
    const auto at = static_cast<size_t>(c);
    if (image_.invert) v = b_.CreateFSub(constant(255), v);
    if (image_.scale != 1) v = b_.CreateFMul(v, constant(image_.scale));
    if (image_.mean[at] != 0) v = b_.CreateFSub(v, constant(image_.mean[at]));
    if (image_.deviation[at] != 1) v = b_.CreateFDiv(v, constant(image_.deviation[at]));
    return v;
  }

  llvm::IRBuilder<>& b_;
  const linnet_image_v1& image_;
  int64_t channels_;
  llvm::Type* f32_;
};

}  // namespace

void decode_picture(llvm::IRBuilder<>& builder, const linnet_image_v1& image, Value* pixels,
                    Value* row_stride, Value* to) {
  Decoder(builder, image).decode(pixels, row_stride, to);
}

}  // namespace linnet::codegen
