// What comes into the model and what goes out of it.
#include "frontend/onnx/importer.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::frontend {
namespace {

using ::onnx::TypeProto;
using ::onnx::ValueInfoProto;

std::string described(const TypeProto& type) {
  switch (type.value_case()) {
  case TypeProto::kTensorType:
    return data_type_name(type.tensor_type().elem_type());
  case TypeProto::kSequenceType:
    return "a sequence";
  case TypeProto::kMapType:
    return "a map";
  case TypeProto::kOptionalType:
    return "an optional value";
  case TypeProto::kSparseTensorType:
    return "a sparse tensor";
  default:
    return "without a type";
  }
}

}  // namespace

void OnnxImporter::add_initializers(const ::onnx::GraphProto& graph, OnnxScope& scope) {
  for (const ::onnx::TensorProto& initializer : graph.initializer()) {
    if (initializer.name().empty()) {
      report_here("an initializer has no name");
      continue;
    }
    // Shape and type are checked now, the elements when they are read.
    if (const auto type = type_of(initializer); !type) {
      report(fmt::format("{}: initializer '{}'", path_, initializer.name()),
             {type.error().status, type.error().message, ""});
    }
    define(initializer.name(), OnnxEntry{{}, &initializer, false}, scope, "initializer");
  }
  for (const auto& sparse : graph.sparse_initializer()) {
    report(fmt::format("{}: initializer '{}'", path_, sparse.values().name()),
           {Status::kUnsupported, "sparse initializers are not supported", "store it dense"});
  }
}

// A model exported for one sample may be asked for more: if every input has size 1 in dimension 0,
// that is taken for the batch.
void OnnxImporter::widen_batch() {
  if (options_.batch == 1) return;
  bool any = false;
  for (const ValueInfoProto& input : model_.graph().input()) {
    if (root_.names.contains(input.name())) continue;
    const auto& shape = input.type().tensor_type().shape();
    if (shape.dim_size() == 0 || shape.dim(0).dim_value() != 1) return;
    any = true;
  }
  if (any) widened_batch_ = options_.batch;
}

// A symbolic dimension 0 is the batch: --batch N, else 1. Others must be bound by their name, or by
// INPUT.DIMENSION where they have none.
std::optional<ir::Shape> OnnxImporter::input_shape(const ValueInfoProto& input) {
  const std::string place = fmt::format("{}: input '{}'", path_, input.name());
  const auto& tensor = input.type().tensor_type();
  if (!tensor.has_shape()) {
    report(place, {Status::kBadInput, "it has no shape",
                   "export with a shape: every input needs its number of dimensions"});
    return std::nullopt;
  }
  ir::Shape shape;
  bool ok = true;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    const auto& dim = tensor.shape().dim(i);
    const std::string position = fmt::format("{}.{}", input.name(), i);
    if (dim.has_dim_value()) {
      if (dim.dim_value() < 0) {
        report(place,
               {Status::kBadInput, fmt::format("dimension {} has size {}", i, dim.dim_value()),
                "a size that is not fixed is left out, or is a name"});
        ok = false;
      }
      shape.push_back(i == 0 && widened_batch_ != 1 ? widened_batch_ : dim.dim_value());
      if (i == 0 && widened_batch_ != 1) used_batch_ = true;
      continue;
    }
    std::optional<int64_t> size;
    for (const std::string& name : {position, dim.dim_param()}) {
      const auto bound = name.empty() ? options_.binds.end() : options_.binds.find(name);
      if (bound == options_.binds.end()) continue;
      used_binds_.insert(name);
      size = bound->second;
    }
    if (!size && i == 0) {
      used_batch_ = true;
      size = options_.batch;
    }
    if (!size) {
      const std::string name = dim.dim_param().empty() ? position : dim.dim_param();
      report(place, {Status::kBadInput,
                     dim.dim_param().empty()
                         ? fmt::format("dimension {} has no size", i)
                         : fmt::format("dimension {}, '{}', has no size", i, dim.dim_param()),
                     fmt::format("give it one: --bind {}=…", name)});
      ok = false;
      size = 1;
    }
    shape.push_back(*size);
  }
  if (!ok) return std::nullopt;
  return shape;
}

void OnnxImporter::add_inputs() {
  widen_batch();
  for (const ValueInfoProto& input : model_.graph().input()) {
    // Before version 4 of the format every initializer was an input as well.
    if (const auto known = root_.names.find(input.name());
        known != root_.names.end() && known->second->initializer)
      continue;
    const std::string place = fmt::format("{}: input '{}'", path_, input.name());
    if (input.name().empty()) {
      report(place, {Status::kBadInput, "an input has no name", ""});
      continue;
    }
    const auto dtype = dtype_of(input.type().tensor_type().elem_type());
    if (!input.type().has_tensor_type() || !dtype) {
      const bool undefined =
          input.type().value_case() == TypeProto::VALUE_NOT_SET ||
          (input.type().has_tensor_type() && input.type().tensor_type().elem_type() == 0);
      report(place, {undefined ? Status::kBadInput : Status::kUnsupported,
                     fmt::format("{} is not supported", described(input.type())),
                     "tensors of FLOAT, DOUBLE, INT64, INT32, INT8, UINT8, BOOL are"});
      define(input.name(), OnnxEntry{{}, nullptr, true}, root_, "input");
      continue;
    }
    const auto shape = input_shape(input);
    if (!shape) continue;
    const ir::Type type{*dtype, *shape, {}};
    if (!ir::valid(type.shape, type.dtype)) {
      report(place, {Status::kBadInput,
                     fmt::format("{} is too large (at most {} bytes, {} dimensions)",
                                 to_string(type), ir::kMaxBytes, ir::kMaxRank),
                     ""});
      continue;
    }
    const ir::ValueId value = graph_.add_input(input.name(), type);
    named_.insert(value.index);
    define(input.name(), OnnxEntry{value, nullptr, false}, root_, "input");
  }
}

void OnnxImporter::check_binds() {
  if (options_.batch != 1 && !used_batch_) {
    report_here(fmt::format("--batch {}: no input has a batch of free size", options_.batch),
                "export with a dynamic batch dimension, or leave --batch out");
  }
  for (const auto& [name, size] : options_.binds) {
    if (used_binds_.contains(name)) continue;
    std::vector<std::string> names;
    for (const ValueInfoProto& input : model_.graph().input()) {
      for (const auto& dim : input.type().tensor_type().shape().dim()) {
        if (!dim.dim_param().empty()) names.push_back(dim.dim_param());
      }
    }
    report_here(fmt::format("--bind {}={}: no input has such a dimension", name, size),
                names.empty() ? "all sizes of this model are fixed"
                              : fmt::format("its free sizes are {}", join(names, ", ")));
  }
}

// What the file says of a value must be what comes out.
void OnnxImporter::check_declared(const ValueInfoProto& declared, ir::ValueId value,
                                  std::string_view what) {
  if (!declared.type().has_tensor_type()) return;
  const auto& tensor = declared.type().tensor_type();
  const ir::Type& type = graph_.value(value).type;
  bool same = !tensor.has_elem_type() || tensor.elem_type() == 0 ||
              dtype_of(tensor.elem_type()) == type.dtype;
  std::vector<std::string> sizes;
  if (tensor.has_shape()) {
    same = same && static_cast<size_t>(tensor.shape().dim_size()) == type.rank();
    for (int i = 0; i < tensor.shape().dim_size(); ++i) {
      const auto& dim = tensor.shape().dim(i);
      sizes.push_back(dim.has_dim_value()       ? std::to_string(dim.dim_value())
                      : dim.dim_param().empty() ? "?"
                                                : dim.dim_param());
      // A batch that is given by --batch may stand as a number further down.
      if (same && dim.has_dim_value())
        same = dim.dim_value() == type.shape[static_cast<size_t>(i)] ||
               (i == 0 && options_.batch != 1);
    }
  }
  if (same) return;
  report(fmt::format("{}: {} '{}'", path_, what, declared.name()),
         {Status::kBadInput,
          fmt::format("declared as {}[{}], but the nodes make {}",
                      data_type_name(tensor.elem_type()), fmt::join(sizes, ","), to_string(type)),
          "onnx.shape_inference.infer_shapes(model, strict_mode=True) tells where they part"});
}

void OnnxImporter::add_outputs() {
  std::set<std::string> seen;
  for (const ValueInfoProto& output : model_.graph().output()) {
    const std::string place = fmt::format("{}: output '{}'", path_, output.name());
    OnnxEntry* entry = find(output.name(), root_);
    if (!entry || output.name().empty()) {
      report(place, {Status::kBadInput, "no node makes it", ""});
      continue;
    }
    if (!seen.insert(output.name()).second) {
      report(place, {Status::kBadInput, "it is declared twice", ""});
      continue;
    }
    try {
      const ir::ValueId result = value(*entry, InitializerUse::kParameter);
      check_declared(output, result, "output");
      graph_.outputs.push_back({output.name(), result, ""});
    } catch (const NodeFault& fault) {
      report(place, fault);
    }
  }
  for (const ValueInfoProto& info : model_.graph().value_info()) {
    const auto entry = root_.names.find(info.name());
    if (entry != root_.names.end() && entry->second->value)
      check_declared(info, entry->second->value, "value");
  }
}

}  // namespace linnet::frontend
