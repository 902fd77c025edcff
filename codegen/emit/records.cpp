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

llvm::Constant* RecordEmitter::port(const PortInfo& port) {
  std::vector<Constant*> fields = {text(port.name), integer(port.dtype),
                                   integer(static_cast<int64_t>(port.dims.size()))};
  for (size_t dim = 0; dim < LINNET_MAX_RANK; ++dim)
    fields.push_back(integer(dim < port.dims.size() ? port.dims[dim] : 0));
  fields.push_back(image(port));
  fields.push_back(classes(port));
  fields.push_back(series(port));
  fields.push_back(ahead(port));
  fields.push_back(table(port));
  return record(fields);
}

llvm::Constant* RecordEmitter::ports(const std::vector<PortInfo>& list) {
  std::vector<Constant*> records;
  for (const PortInfo& info : list)
    records.push_back(port(info));
  return array(records);
}

llvm::Constant* RecordEmitter::image(const PortInfo& port) {
  if (!port.image) return null();
  const ImageInfo& i = *port.image;
  const auto three = [&](const std::array<double, 3>& values) {
    return llvm::ConstantDataArray::get(context_, llvm::ArrayRef<double>(values));
  };
  return global(record({integer(i.color), integer(i.resize), integer(i.fit), integer(i.invert),
                        integer(i.height), integer(i.width), number(i.scale), three(i.mean),
                        three(i.deviation)}));
}
llvm::Constant* RecordEmitter::classes(const PortInfo& port) {
  if (!port.classes) return null();
  return global(record({integer(static_cast<int64_t>(port.classes->labels.size())),
                        texts(port.classes->labels), integer(port.classes->probabilities)}));
}
llvm::Constant* RecordEmitter::series(const PortInfo& port) {
  if (!port.series) return null();
  const SeriesInfo& s = *port.series;
  return global(record({text(s.column), s.index.empty() ? null() : text(s.index), integer(s.lags),
                        integer(s.missing), number(s.mean), number(s.deviation), integer(s.window),
                        integer(s.ahead), integer(s.learn)}));
}
llvm::Constant* RecordEmitter::ahead(const PortInfo& port) {
  if (!port.ahead) return null();
  return global(record({integer(port.ahead->input), integer(port.ahead->steps)}));
}
llvm::Constant* RecordEmitter::table(const PortInfo& port) {
  if (port.columns.empty()) return null();
  std::vector<Constant*> columns;
  for (const ColumnInfo& c : port.columns) {
    columns.push_back(
        record({text(c.name), number(c.mean), number(c.deviation), integer(c.learn),
                integer(static_cast<int64_t>(c.categories.size())), texts(c.categories)}));
  }
  return global(record({integer(static_cast<int64_t>(columns.size())), array(columns)}));
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
