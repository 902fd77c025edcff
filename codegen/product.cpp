#include "codegen/product.h"

#include "codegen/ports.h"

#include "runtime/abi.h"
#include "support/check.h"

#include <llvm/IR/IRBuilder.h>

namespace linnet::codegen {
namespace {

using llvm::Constant;

// Writes runtime/abi.h's structures down field by field: every field takes eight bytes.
class ProductEmitter {
public:
  ProductEmitter(llvm::Module& module, const CompileOptions& options)
      : module_(module), context_(module.getContext()), options_(options),
        i64_(llvm::Type::getInt64Ty(context_)), pointer_(llvm::PointerType::getUnqual(context_)) {}

  Constant* integer(int64_t value) { return llvm::ConstantInt::getSigned(i64_, value); }
  Constant* number(double value) {
    return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context_), value);
  }
  Constant* null() { return llvm::ConstantPointerNull::get(pointer_); }
  Constant* text(const std::string& value) {
    return global(llvm::ConstantDataArray::getString(context_, value));
  }
  Constant* texts(const std::vector<std::string>& values) {
    if (values.empty()) return null();
    std::vector<Constant*> pointers;
    for (const std::string& value : values)
      pointers.push_back(text(value));
    return global(
        llvm::ConstantArray::get(llvm::ArrayType::get(pointer_, pointers.size()), pointers));
  }
  // An unnamed constant in memory, by its address.
  Constant* global(Constant* value) {
    return new llvm::GlobalVariable(module_, value->getType(), true,
                                    llvm::GlobalValue::PrivateLinkage, value,
                                    options_.name + "_product");
  }
  Constant* record(const std::vector<Constant*>& fields) {
    return llvm::ConstantStruct::getAnon(fields);
  }
  Constant* array(const std::vector<Constant*>& records) {
    if (records.empty()) return null();
    return global(llvm::ConstantArray::get(
        llvm::ArrayType::get(records.front()->getType(), records.size()), records));
  }

  Constant* port(const PortInfo& port) {
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

  Constant* ports(const std::vector<PortInfo>& list) {
    std::vector<Constant*> records;
    for (const PortInfo& info : list)
      records.push_back(port(info));
    return array(records);
  }

  // int (const void *const *inputs, void *const *outputs, void *state, void *arena)
  llvm::Function* uniform(const EntryInfo& info) {
    auto* i32 = llvm::Type::getInt32Ty(context_);
    auto* function = llvm::Function::Create(
        llvm::FunctionType::get(i32, {pointer_, pointer_, pointer_, pointer_}, false),
        llvm::GlobalValue::InternalLinkage, info.function + "_uniform", module_);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context_, "entry", function));
    std::vector<llvm::Value*> arguments;
    const auto load_all = [&](unsigned argument, size_t count) {
      for (size_t i = 0; i < count; ++i) {
        arguments.push_back(builder.CreateLoad(
            pointer_, builder.CreateConstInBoundsGEP1_64(pointer_, function->getArg(argument), i)));
      }
    };
    load_all(0, info.graph->inputs.size());
    load_all(1, info.graph->outputs.size());
    arguments.push_back(function->getArg(3));
    builder.CreateRet(builder.CreateCall(module_.getFunction(info.function), arguments));
    return function;
  }

private:
  Constant* image(const PortInfo& port) {
    if (!port.image) return null();
    const ImageInfo& i = *port.image;
    const auto three = [&](const std::array<double, 3>& values) {
      return llvm::ConstantDataArray::get(context_, llvm::ArrayRef<double>(values));
    };
    return global(record({integer(i.color), integer(i.resize), integer(i.fit), integer(i.invert),
                          integer(i.height), integer(i.width), number(i.scale), three(i.mean),
                          three(i.deviation)}));
  }
  Constant* classes(const PortInfo& port) {
    if (!port.classes) return null();
    return global(record({integer(static_cast<int64_t>(port.classes->labels.size())),
                          texts(port.classes->labels), integer(port.classes->probabilities)}));
  }
  Constant* series(const PortInfo& port) {
    if (!port.series) return null();
    const SeriesInfo& s = *port.series;
    return global(record({text(s.column), s.index.empty() ? null() : text(s.index), integer(s.lags),
                          integer(s.missing), number(s.mean), number(s.deviation)}));
  }
  Constant* ahead(const PortInfo& port) {
    if (!port.ahead) return null();
    return global(record({integer(port.ahead->input), integer(port.ahead->steps)}));
  }
  Constant* table(const PortInfo& port) {
    if (port.columns.empty()) return null();
    std::vector<Constant*> columns;
    for (const ColumnInfo& c : port.columns) {
      columns.push_back(
          record({text(c.name), number(c.mean), number(c.deviation),
                  integer(static_cast<int64_t>(c.categories.size())), texts(c.categories)}));
    }
    return global(record({integer(static_cast<int64_t>(columns.size())), array(columns)}));
  }

  llvm::Module& module_;
  llvm::LLVMContext& context_;
  const CompileOptions& options_;
  llvm::IntegerType* i64_;
  llvm::PointerType* pointer_;
};

}  // namespace

void emit_product(llvm::Module& module, std::span<const ir::Module> planned,
                  std::span<const EntryInfo> entries, const CompileOptions& options,
                  int64_t stack_bytes) {
  ProductEmitter e(module, options);
  const ir::Module& single = planned.back();
  std::vector<Constant*> records;
  for (const EntryInfo& info : entries) {
    records.push_back(e.record({e.integer(info.batch), e.uniform(info), e.integer(info.arena_bytes),
                                e.integer(stack_bytes)}));
  }
  const Ports ports = ports_of(single);
  Constant* model = e.record({e.integer(LINNET_ABI_VERSION),
                              e.integer(sizeof(linnet_model_v1)),
                              e.text(options.name),
                              e.text(LINNET_VERSION),
                              e.text(options.target.info.name),
                              e.text(options.model_hash),
                              e.text(options.weights_hash),
                              e.integer(options.untrained),
                              module.getFunction(options.name + "_supported"),
                              e.integer(static_cast<int64_t>(records.size())),
                              e.array(records),
                              e.integer(options.batched),
                              e.integer(ConstantPool::kAlign),
                              e.integer(options.flops),
                              e.integer(static_cast<int64_t>(ports.inputs.size())),
                              e.ports(ports.inputs),
                              e.integer(static_cast<int64_t>(ports.outputs.size())),
                              e.ports(ports.outputs),
                              e.integer(0),
                              e.integer(ConstantPool::kAlign),
                              e.null()});
  const uint64_t bytes = module.getDataLayout().getTypeAllocSize(model->getType());
  LINNET_CHECK(bytes == sizeof(linnet_model_v1), "linnet_model_v1 has another size");
  auto* variable =
      new llvm::GlobalVariable(module, model->getType(), true, llvm::GlobalValue::ExternalLinkage,
                               model, "linnet_product_model");
  variable->setVisibility(llvm::GlobalValue::HiddenVisibility);
}

}  // namespace linnet::codegen
