// Structures of the contract as constants of LLVM.
#include "codegen/emit/records.h"

#include "base/abi/model.h"
#include "support/check.h"

namespace linnet::codegen {

llvm::Constant* RecordEmitter::texts(const std::vector<std::string>& values) {
  if (values.empty()) return null();
  std::vector<Constant*> pointers;
  for (const std::string& value : values)
    pointers.push_back(text(value));
  return global(
      llvm::ConstantArray::get(llvm::ArrayType::get(pointer_, pointers.size()), pointers));
}

llvm::Constant* RecordEmitter::global(Constant* value) {
  return new llvm::GlobalVariable(module_, value->getType(), true,
                                  llvm::GlobalValue::PrivateLinkage, value, name_ + "_product");
}

llvm::Constant* RecordEmitter::array(const std::vector<Constant*>& records) {
  if (records.empty()) return null();
  return global(llvm::ConstantArray::get(
      llvm::ArrayType::get(records.front()->getType(), records.size()), records));
}

std::vector<llvm::Constant*> RecordEmitter::fields(const ir::Contract& contract) {
  std::vector<Constant*> fields;
  size_t at = 0;  // bytes that fields take so far
  const auto add = [&](Constant* field, size_t words = 1) {
    fields.push_back(field);
    at += words * sizeof(int64_t);
  };
  for (const ir::Contract::Field& field : contract.fields()) {
    while (at < field.offset)
      add(integer(0));
    if (const auto* whole = std::get_if<int64_t>(&field.value)) {
      add(integer(*whole));
    } else if (const auto* real = std::get_if<double>(&field.value)) {
      add(number(*real));
    } else if (const auto* wholes = std::get_if<std::vector<int64_t>>(&field.value)) {
      for (const int64_t element : *wholes)
        add(integer(element));
    } else if (const auto* reals = std::get_if<std::vector<double>>(&field.value)) {
      add(llvm::ConstantDataArray::get(context_, llvm::ArrayRef<double>(*reals)), reals->size());
    } else if (const auto* one = std::get_if<std::string>(&field.value)) {
      add(text(*one));
    } else if (const auto* list = std::get_if<std::vector<std::string>>(&field.value)) {
      add(texts(*list));
    } else {
      const auto& to = std::get<ir::Contract::Pointed>(field.value);
      std::vector<Constant*> records;
      for (const ir::Contract& pointed : to.list)
        records.push_back(record(this->fields(pointed)));
      add(to.array ? array(records) : global(records.front()));
    }
  }
  while (at < contract.bytes())
    add(integer(0));
  return fields;
}

llvm::Constant* RecordEmitter::ports(const std::vector<PortInfo>& list) {
  std::vector<Constant*> records;
  for (const PortInfo& info : list)
    records.push_back(record(fields(info.record)));
  return array(records);
}

llvm::Constant* RecordEmitter::bytes(std::span<const std::byte> data) {
  auto* global_bytes = llvm::cast<llvm::GlobalVariable>(global(llvm::ConstantDataArray::get(
      context_, llvm::ArrayRef(reinterpret_cast<const uint8_t*>(data.data()), data.size()))));
  global_bytes->setAlignment(llvm::Align(8));
  return global_bytes;
}

llvm::Constant* RecordEmitter::numbers(const std::vector<double>& values) {
  if (values.empty()) return null();
  return global(llvm::ConstantDataArray::get(context_, llvm::ArrayRef<double>(values)));
}

llvm::Constant* RecordEmitter::define(const char* symbol, Constant* record, size_t bytes) {
  const uint64_t size = module_.getDataLayout().getTypeAllocSize(record->getType());
  LINNET_CHECK(size == bytes, std::string(symbol) + " has another size");
  auto* variable = new llvm::GlobalVariable(module_, record->getType(), true,
                                            llvm::GlobalValue::ExternalLinkage, record, symbol);
  variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
  return variable;
}

}  // namespace linnet::codegen
