// Constants of the structures in base/abi/model.h and base/abi/train.h, field by field.
#pragma once

#include "codegen/emit/emit.h"
#include "codegen/emit/ports.h"

#include <llvm/IR/IRBuilder.h>

#include <cstddef>
#include <span>

namespace linnet::codegen {

// Every field takes eight bytes.
class RecordEmitter {
public:
  RecordEmitter(llvm::Module& module, const std::string& name)
      : module_(module), context_(module.getContext()), name_(name),
        i64_(llvm::Type::getInt64Ty(context_)), pointer_(llvm::PointerType::getUnqual(context_)) {}

  using Constant = llvm::Constant;
  Constant* integer(int64_t value) { return llvm::ConstantInt::getSigned(i64_, value); }
  Constant* number(double value) {
    return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context_), value);
  }
  Constant* null() { return llvm::ConstantPointerNull::get(pointer_); }
  Constant* text(const std::string& value) {
    return global(llvm::ConstantDataArray::getString(context_, value));
  }
  Constant* texts(const std::vector<std::string>& values);
  Constant* numbers(const std::vector<double>& values);
  Constant* bytes(std::span<const std::byte> data);
  // An unnamed constant in memory, by its address.
  Constant* global(Constant* value);
  Constant* record(const std::vector<Constant*>& fields) {
    return llvm::ConstantStruct::getAnon(fields);
  }
  Constant* array(const std::vector<Constant*>& records);
  // The fields of a structure as they are, and an array of ports.
  std::vector<Constant*> fields(const ir::Contract& contract);
  Constant* ports(const std::vector<PortInfo>& list);
  // A constant of a structure of this many bytes under a name that the runtime knows.
  Constant* define(const char* symbol, Constant* record, size_t bytes);

  [[nodiscard]] llvm::Module& module() { return module_; }
  [[nodiscard]] llvm::PointerType* pointer() { return pointer_; }

private:
  llvm::Module& module_;
  llvm::LLVMContext& context_;
  std::string name_;
  llvm::IntegerType* i64_;
  llvm::PointerType* pointer_;
};

}  // namespace linnet::codegen
