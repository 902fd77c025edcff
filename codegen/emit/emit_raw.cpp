// Entries that take and return the data's own units, in LLVM IR. The arithmetic is that of the
// executable (scaled and unscaled in runtime/data/ports.h): in double, rounded to the model's type
// once.
#include "codegen/emit/emit_raw.h"

#include "codegen/emit/emit_image.h"
#include "codegen/emit/emit_stream.h"
#include "codegen/emit/header.h"

#include "base/abi/model.h"
#include "support/check.h"

#include <llvm/IR/IRBuilder.h>

#include <algorithm>
#include <functional>

namespace linnet::codegen {
namespace {

using llvm::Value;

bool is_identity(const Units& units) {
  return std::ranges::all_of(units.mean, [](double mean) { return mean == 0; }) &&
         std::ranges::all_of(units.deviation, [](double deviation) { return deviation == 1; });
}

class RawEmitter {
public:
  RawEmitter(llvm::Module& module, const EntryInfo& entry, const Ports& ports, const RawEntry& raw,
             const CompileOptions& options)
      : module_(module), entry_(entry), ports_(ports), raw_(raw), options_(options),
        names_(parameter_names(ports)), b_(module.getContext()) {}

  void emit(const std::string& name, bool strided) {
    const std::vector<EntryParameter> parameters = entry_parameters(entry_);
    std::vector<llvm::Type*> types(parameters.size(), b_.getPtrTy());
    const auto bits = static_cast<unsigned>(8 * options_.target.record.pointer_bytes);
    if (strided) types.insert(types.begin() + 1, b_.getIntNTy(bits));  // ptrdiff_t
    function_ = llvm::Function::Create(llvm::FunctionType::get(b_.getInt32Ty(), types, false),
                                       llvm::GlobalValue::ExternalLinkage, name, module_);
    for (unsigned i = 0; i < types.size(); ++i) {
      if (types[i]->isPointerTy()) function_->addParamAttr(i, llvm::Attribute::NoAlias);
    }
    b_.SetInsertPoint(block("entry"));
    const auto count = static_cast<unsigned>(types.size());
    const auto argument = [&](size_t i) {
      return function_->getArg(static_cast<unsigned>(i + (strided && i > 0 ? 1 : 0)));
    };
    Value* scratch = scratch_at(function_->getArg(count - 1));
    for (size_t i = 0; i < raw_.inputs.size(); ++i) {
      if (raw_.inputs[i].units.kind == Units::kCategory) check_categories(i, argument(i));
    }
    std::vector<Value*> arguments;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const RawEntry::Port* port = port_at(i);
      const bool converted = port && port->at >= 0;
      arguments.push_back(converted ? b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), scratch,
                                                                    static_cast<uint64_t>(port->at))
                                    : argument(i));
    }
    for (size_t i = 0; i < raw_.inputs.size(); ++i)
      take(i, argument(i), strided ? function_->getArg(1) : nullptr, arguments[i]);
    llvm::Function* callee = module_.getFunction(entry_.function);
    LINNET_CHECK(callee != nullptr, "no entry " + entry_.function);
    Value* status = b_.CreateCall(callee, arguments);
    auto* done = block("done");
    auto* failed = block("failed");
    b_.CreateCondBr(b_.CreateICmpEQ(status, b_.getInt32(LINNET_DONE)), done, failed);
    b_.SetInsertPoint(failed);
    b_.CreateRet(status);
    b_.SetInsertPoint(done);
    for (size_t i = 0; i < raw_.outputs.size(); ++i) {
      const size_t at = raw_.inputs.size() + i;
      give(i, arguments[at], argument(at));
    }
    b_.CreateRet(b_.getInt32(LINNET_DONE));
  }

private:
  llvm::BasicBlock* block(const char* label) {
    return llvm::BasicBlock::Create(b_.getContext(), label, function_);
  }
  // Of the i-th parameter; nullptr for state and arena, which come last.
  [[nodiscard]] const RawEntry::Port* port_at(size_t i) const {
    if (i < raw_.inputs.size()) return &raw_.inputs[i];
    i -= raw_.inputs.size();
    return i < raw_.outputs.size() ? &raw_.outputs[i] : nullptr;
  }

  void refuse_if(Value* bad, int code) {
    auto* fail = block("fail");
    auto* ok = block("ok");
    b_.CreateCondBr(bad, fail, ok);
    b_.SetInsertPoint(fail);
    b_.CreateRet(llvm::ConstantInt::getSigned(b_.getInt32Ty(), code));
    b_.SetInsertPoint(ok);
  }

  Value* scratch_at(Value* arena) {
    if (raw_.on_stack) {
      auto* memory = b_.CreateAlloca(llvm::ArrayType::get(
          b_.getInt8Ty(), static_cast<uint64_t>(std::max<int64_t>(raw_.scratch_bytes, 1))));
      memory->setAlignment(llvm::Align(ConstantPool::kAlign));
      return memory;
    }
    refuse_if(b_.CreateIsNull(arena), LINNET_ARENA_NULL);
    Value* low = b_.CreateAnd(b_.CreatePtrToInt(arena, b_.getInt64Ty()), ConstantPool::kAlign - 1);
    refuse_if(b_.CreateIsNotNull(low), LINNET_ARENA_MISALIGNED);
    return b_.CreateConstInBoundsGEP1_64(b_.getInt8Ty(), arena,
                                         static_cast<uint64_t>(entry_.arena_bytes));
  }

  // `body(i)` for i from 0 to count − 1.
  void loop(int64_t count, const std::function<void(Value*)>& body) {
    if (count == 1) return body(b_.getInt64(0));
    auto* before = b_.GetInsertBlock();
    auto* again = block("loop");
    auto* after = block("after");
    b_.CreateBr(again);
    b_.SetInsertPoint(again);
    auto* i = b_.CreatePHI(b_.getInt64Ty(), 2);
    i->addIncoming(b_.getInt64(0), before);
    body(i);
    Value* next = b_.CreateNUWAdd(i, b_.getInt64(1));
    i->addIncoming(next, b_.GetInsertBlock());
    b_.CreateCondBr(b_.CreateICmpSLT(next, b_.getInt64(static_cast<uint64_t>(count))), again,
                    after);
    b_.SetInsertPoint(after);
  }

  Value* load(llvm::Type* type, Value* from, Value* i) {
    const auto align = type->isDoubleTy() ? llvm::Align(8) : llvm::Align(4);
    return b_.CreateAlignedLoad(type, b_.CreateInBoundsGEP(type, from, i), align);
  }
  void store(Value* value, Value* to, Value* i) {
    const auto align = value->getType()->isDoubleTy() ? llvm::Align(8) : llvm::Align(4);
    b_.CreateAlignedStore(value, b_.CreateInBoundsGEP(value->getType(), to, i), align);
  }
  llvm::Type* model_type(const PortInfo& port) {
    return port.type.dtype == ir::DType::kF64 ? b_.getDoubleTy() : b_.getFloatTy();
  }

  // Each element's position with the mean and deviation of its column; null where they are 0 and 1.
  void each_scaled(size_t parameter, const Units& units,
                   const std::function<void(Value* at, Value* mean, Value* deviation)>& body) {
    const size_t columns = units.mean.size();
    if (is_identity(units) || columns == 1) {
      const bool scaled = !is_identity(units);
      loop(units.raw_elements, [&](Value* at) {
        body(at, scaled ? constant(units.mean[0]) : nullptr,
             scaled ? constant(units.deviation[0]) : nullptr);
      });
      return;
    }
    const std::string symbol = options_.name + "_" + names_[parameter];
    auto* means = module_.getGlobalVariable(symbol + "_mean");
    auto* deviations = module_.getGlobalVariable(symbol + "_std");
    LINNET_CHECK(means && deviations, "no scale of " + symbol);
    loop(units.raw_elements / static_cast<int64_t>(columns), [&](Value* row) {
      Value* first = b_.CreateNUWMul(row, b_.getInt64(columns));
      loop(static_cast<int64_t>(columns), [&](Value* column) {
        body(b_.CreateNUWAdd(first, column), load(b_.getDoubleTy(), means, column),
             load(b_.getDoubleTy(), deviations, column));
      });
    });
  }
  Value* constant(double value) { return llvm::ConstantFP::get(b_.getDoubleTy(), value); }

  void check_categories(size_t port, Value* from) {
    const int64_t categories = categories_of(port);
    loop(raw_.inputs[port].units.raw_elements, [&](Value* i) {
      Value* category = load(b_.getInt32Ty(), from, i);
      refuse_if(b_.CreateICmpUGE(category, b_.getInt32(static_cast<uint32_t>(categories))),
                LINNET_CATEGORY_UNKNOWN);
    });
  }
  [[nodiscard]] int64_t categories_of(size_t port) const {
    return ports_.inputs[port].abi().table->columns[0].category_count;
  }

  // The model's values of an input, from raw ones.
  void take(size_t port, Value* from, Value* stride, Value* to) {
    const PortInfo& info = ports_.inputs[port];
    const Units& units = raw_.inputs[port].units;
    llvm::Type* type = model_type(info);
    switch (units.kind) {
    case Units::kPlain:
      return;
    case Units::kPixels: {
      const linnet_image_v1& image = *info.abi().image;
      const int64_t row = image.width * (image.color == 0 ? 1 : 3);
      decode_picture(b_, image, from,
                     stride ? b_.CreateSExt(stride, b_.getInt64Ty())
                            : b_.getInt64(static_cast<uint64_t>(row)),
                     to);
      return;
    }
    case Units::kCategory: {
      const int64_t categories = categories_of(port);
      loop(units.raw_elements, [&](Value* i) {
        Value* chosen = load(b_.getInt32Ty(), from, i);
        Value* first = b_.CreateNUWMul(i, b_.getInt64(static_cast<uint64_t>(categories)));
        loop(categories, [&](Value* k) {
          Value* here = b_.CreateICmpEQ(b_.CreateZExt(chosen, b_.getInt64Ty()), k);
          store(b_.CreateUIToFP(here, type), to, b_.CreateNUWAdd(first, k));
        });
      });
      return;
    }
    case Units::kScaled:
      each_scaled(port, units, [&](Value* at, Value* mean, Value* deviation) {
        Value* value = load(b_.getDoubleTy(), from, at);
        if (mean) value = b_.CreateFDiv(b_.CreateFSub(value, mean), deviation);
        store(type->isDoubleTy() ? value : b_.CreateFPTrunc(value, type), to, at);
      });
    }
  }

  // Raw values of an output, from the model's.
  void give(size_t port, Value* from, Value* to) {
    const PortInfo& info = ports_.outputs[port];
    const Units& units = raw_.outputs[port].units;
    if (units.kind != Units::kScaled) return;
    llvm::Type* type = model_type(info);
    each_scaled(raw_.inputs.size() + port, units, [&](Value* at, Value* mean, Value* deviation) {
      Value* value = load(type, from, at);
      if (!type->isDoubleTy()) value = b_.CreateFPExt(value, b_.getDoubleTy());
      if (mean) value = b_.CreateFAdd(b_.CreateFMul(value, deviation), mean);
      store(value, to, at);
    });
  }

  llvm::Module& module_;
  const EntryInfo& entry_;
  const Ports& ports_;
  const RawEntry& raw_;
  const CompileOptions& options_;
  std::vector<std::string> names_;
  llvm::IRBuilder<> b_;
  llvm::Function* function_ = nullptr;
};

void define_texts(llvm::Module& module, const std::string& name,
                  const std::vector<std::string>& texts) {
  llvm::LLVMContext& context = module.getContext();
  std::vector<llvm::Constant*> pointers;
  for (const std::string& label : texts) {
    auto* text = llvm::ConstantDataArray::getString(context, label);
    pointers.push_back(new llvm::GlobalVariable(
        module, text->getType(), true, llvm::GlobalValue::PrivateLinkage, text, name + "_text"));
  }
  auto* type = llvm::ArrayType::get(llvm::PointerType::getUnqual(context), texts.size());
  new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::ExternalLinkage,
                           llvm::ConstantArray::get(type, pointers), name);
}

}  // namespace

void emit_raw(llvm::Module& module, const EntryInfo& entry, const Ports& ports, const RawEntry& raw,
              const CompileOptions& options, const std::string& name, bool strided) {
  RawEmitter(module, entry, ports, raw, options).emit(name, strided);
}

void emit_raw_steps(llvm::Module& module, const RawEntry& raw, const CompileOptions& options,
                    const std::string& step, const std::string& name) {
  std::vector<int64_t> strides;
  for (const auto* list : {&raw.inputs, &raw.outputs}) {
    for (const RawEntry::Port& port : *list)
      strides.push_back(port.units.raw_elements * port.units.raw_size);
  }
  emit_steps(module.getFunction(step), name, strides, options);
}

void emit_units(llvm::Module& module, const Ports& ports, const CompileOptions& options) {
  for (const UnitConstant& constant : unit_constants(ports, options.name)) {
    if (!constant.texts.empty()) {
      define_texts(module, constant.symbol, constant.texts);
      continue;
    }
    auto* data =
        llvm::ConstantDataArray::get(module.getContext(), llvm::ArrayRef<double>(constant.numbers));
    new llvm::GlobalVariable(module, data->getType(), true, llvm::GlobalValue::ExternalLinkage,
                             data, constant.symbol);
  }
}

}  // namespace linnet::codegen
