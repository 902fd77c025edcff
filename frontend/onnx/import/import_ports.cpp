// What comes into the model and what goes out of it.
#include "frontend/onnx/import/importer.h"

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
    return "this type";
  }
}

// The name of a size that is not fixed, "INPUT.DIMENSION" where it has none: neither -1 nor '?',
// which Paddle writes, is a name. "" if it is fixed.
std::string free_size(const std::string& input, int i,
                      const ::onnx::TensorShapeProto::Dimension& dim) {
  if (dim.has_dim_value() && dim.dim_value() != -1) return "";
  const std::string& name = dim.dim_param();
  const bool named = !name.empty() && name != "?" && name != "-1";
  return named ? name : fmt::format("{}.{}", input, i);
}

bool holds_half(const ::onnx::GraphProto& graph) {
  const auto any = [](const auto& list, auto test) { return std::ranges::any_of(list, test); };
  const auto value = [](const ValueInfoProto& v) {
    return v.type().has_tensor_type() && is_half(v.type().tensor_type().elem_type());
  };
  const auto tensor = [](const ::onnx::TensorProto& t) { return is_half(t.data_type()); };
  const auto attribute = [&](const ::onnx::AttributeProto& a) {
    return (a.has_t() && tensor(a.t())) || (a.has_g() && holds_half(a.g())) ||
           (a.name() == "to" && is_half(static_cast<int32_t>(a.i())));
  };
  const auto node = [&](const ::onnx::NodeProto& n) { return any(n.attribute(), attribute); };
  return any(graph.input(), value) || any(graph.output(), value) ||
         any(graph.initializer(), tensor) || any(graph.node(), node);
}

}  // namespace

// Once for a whole model.
void OnnxImporter::remark_on_half() {
  if (!holds_half(model_.graph())) return;
  Diagnostic remark;
  remark.severity = Severity::kRemark;
  remark.place.name = path_;
  remark.message = "float16 and bfloat16 numbers are taken and computed as f32";
  remark.remedy = "inputs and outputs are f32; files of f16 are converted when they are read";
  diagnostics_.report(std::move(remark));
}

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
    auto& entry = weights_[&initializer];
    if (!entry) entry = std::make_shared<OnnxEntry>(OnnxEntry{{}, &initializer, false, ""});
    define(initializer.name(), entry, scope, "initializer");
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
    if (root_.names.contains(input.name()) || fixed_value(input.name()) || state_of(input.name()))
      continue;
    const auto& shape = input.type().tensor_type().shape();
    if (shape.dim_size() == 0 || shape.dim(0).dim_value() != 1) return;
    any = true;
  }
  if (any) widened_batch_ = options_.batch;
}

// Names of the sizes of inputs that are not fixed, each once.
std::vector<std::string> OnnxImporter::free_sizes() const {
  std::vector<std::string> names;
  for (const ValueInfoProto& input : model_.graph().input()) {
    const auto& shape = input.type().tensor_type().shape();
    for (int i = 0; i < shape.dim_size(); ++i) {
      const std::string name = free_size(input.name(), i, shape.dim(i));
      if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

// What --bind says an input is worth; a name that is a dimension's too is the dimension.
std::optional<ir::Tensor> OnnxImporter::fixed_value(const std::string& input) const {
  if (const auto at = options_.values.find(input); at != options_.values.end()) return at->second;
  const auto size = options_.binds.find(input);
  if (size == options_.binds.end()) return std::nullopt;
  const auto sizes = free_sizes();
  if (std::ranges::find(sizes, input) != sizes.end()) return std::nullopt;
  return ir::Tensor::from_ints({ir::DType::kI64, {}, {}}, ir::Ints{size->second});
}

// The input becomes a constant.
void OnnxImporter::fix_input(const ValueInfoProto& input, const ir::Tensor& value,
                             ir::DType dtype) {
  const std::string place = fmt::format("{}: input '{}'", path_, input.name());
  used_binds_.insert(input.name());
  // A file brings its sizes; those that the model states must be the same.
  ir::Type type{dtype, value.type().shape, {}};
  const auto& declared = input.type().tensor_type();
  if (type.rank() == 0 && declared.has_shape()) {
    const auto shape = input_shape(input);
    if (!shape) return;
    type.shape = *shape;
  } else if (declared.has_shape()) {
    const bool same_rank = static_cast<size_t>(declared.shape().dim_size()) == type.rank();
    if (!same_rank) type.shape.assign(static_cast<size_t>(declared.shape().dim_size()), 1);
    for (int i = 0; i < declared.shape().dim_size(); ++i) {
      const auto& dim = declared.shape().dim(i);
      if (free_size(input.name(), i, dim).empty())
        type.shape[static_cast<size_t>(i)] = dim.dim_value();
    }
  }
  const auto tensor = fitted(value, type);
  if (!tensor) {
    report(place, {Status::kBadInput, fmt::format("--bind {}: {}", input.name(), tensor.error()),
                   "give a number, which fills the input, or @FILE.npy with its shape"});
    return;
  }
  const ir::ValueId constant =
      ir::Builder(graph_).at(ir::Place::named(place)).constant(*tensor, input.name());
  named_.insert(constant.index);
  define(input.name(), OnnxEntry{constant, nullptr, false, ""}, root_, "input");
}

// Is it the name of a dimension 0?
bool OnnxImporter::is_batch(const std::string& size) const {
  return std::ranges::any_of(model_.graph().input(), [&](const ValueInfoProto& input) {
    const auto& shape = input.type().tensor_type().shape();
    return shape.dim_size() > 0 && shape.dim(0).dim_param() == size;
  });
}

// A size that is not fixed is the batch in dimension 0: --batch N, else 1. Others must be bound by
// their name, or by INPUT.DIMENSION where they have none.
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
    const std::string name = free_size(input.name(), i, dim);
    if (name.empty()) {
      if (dim.dim_value() < 0) {
        report(place,
               {Status::kBadInput, fmt::format("dimension {} has size {}", i, dim.dim_value()),
                "a size that is not fixed is left out, is -1, or is a name"});
        ok = false;
      }
      shape.push_back(i == 0 && widened_batch_ != 1 ? widened_batch_ : dim.dim_value());
      if (i == 0 && widened_batch_ != 1) used_batch_ = true;
      continue;
    }
    std::optional<int64_t> size;
    for (const std::string& given : {position, name}) {
      const auto bound = options_.binds.find(given);
      if (bound == options_.binds.end()) continue;
      used_binds_.insert(given);
      size = bound->second;
    }
    // The batch wherever the name stands: states are [layers, batch, …].
    if (!size && (i == 0 || is_batch(name))) {
      used_batch_ = true;
      size = options_.batch;
    }
    if (!size) {
      report(place, {Status::kBadInput,
                     name == position ? fmt::format("dimension {} has no size", i)
                                      : fmt::format("dimension {}, '{}', has no size", i, name),
                     fmt::format("give it one: --bind {}=…", name)});
      ok = false;
      size = 1;
    }
    shape.push_back(*size);
  }
  if (!ok) return std::nullopt;
  return shape;
}

const OnnxState* OnnxImporter::state_of(const std::string& input) const {
  const auto at = std::ranges::find(options_.states, input, &OnnxState::input);
  return at == options_.states.end() ? nullptr : &*at;
}

// Every state has an input and an output of its own.
void OnnxImporter::check_states() {
  std::vector<std::string> inputs, outputs;
  for (const ValueInfoProto& input : model_.graph().input())
    inputs.push_back(input.name());
  for (const ValueInfoProto& output : model_.graph().output())
    outputs.push_back(output.name());
  const auto wrong = [&](const OnnxState& state, std::string message, std::string remedy = "") {
    Diagnostic diagnostic;
    diagnostic.place = state.place.diag();
    diagnostic.message = std::move(message);
    diagnostic.remedy = std::move(remedy);
    diagnostics_.report(std::move(diagnostic));
  };
  const auto check = [&](const OnnxState& state, std::string_view what, const std::string& name,
                         const std::vector<std::string>& names) {
    if (std::ranges::find(names, name) != names.end()) return;
    const std::string near = did_you_mean(name, names);
    wrong(state, fmt::format("state '{}': {} has no {} '{}'", state.name, path_, what, name),
          near.empty() ? fmt::format("its {}s are {}", what, join(names, ", ")) : near);
  };
  std::set<std::string> seen;
  for (const OnnxState& state : options_.states) {
    check(state, "input", state.input, inputs);
    check(state, "output", state.output, outputs);
    for (const std::string& name :
         {"state " + state.name, "input " + state.input, "output " + state.output}) {
      if (!seen.insert(name).second)
        wrong(state, fmt::format("state '{}': {} is a state's already", state.name, name));
    }
    if (fixed_value(state.input))
      wrong(state, fmt::format("state '{}': --bind fixes its input '{}'", state.name, state.input));
  }
}

// The next values of the states, behind the outputs.
void OnnxImporter::add_states() {
  for (const OnnxState& state : options_.states) {
    OnnxEntry* entry = find(state.output, root_);
    const ir::Slot* slot = module_.slot(state.name);
    if (!entry || !slot) continue;  // reported
    const ir::ValueId next = value(*entry, InitializerUse::kParameter);
    if (graph_.value(next).type.same_logical(slot->type)) {
      graph_.outputs.push_back({state.name, next, state.name});
      continue;
    }
    Diagnostic diagnostic;
    diagnostic.place = state.place.diag();
    diagnostic.message =
        fmt::format("state '{}' is {}, its next value, '{}', {}", state.name, to_string(slot->type),
                    state.output, to_string(graph_.value(next).type));
    diagnostics_.report(std::move(diagnostic));
  }
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
                     undefined ? "it has no type"
                               : fmt::format("{} is not supported", described(input.type())),
                     "tensors of FLOAT, DOUBLE, INT64, INT32, INT8, UINT8, BOOL are"});
      define(input.name(), OnnxEntry{{}, nullptr, true, ""}, root_, "input");
      continue;
    }
    if (const auto value = fixed_value(input.name())) {
      fix_input(input, *value, *dtype);
      continue;
    }
    const auto shape = input_shape(input);
    if (!shape) continue;
    const ir::Type type{*dtype, *shape, {}};
    constexpr int64_t kMostBytes = int64_t{1} << 31;  // of a tensor in a product
    if (!ir::valid(type.shape, type.dtype) || type.stored_bytes() > kMostBytes) {
      report(place, {Status::kUnsupported,
                     fmt::format("{} is too large: at most 2 GiB and {} dimensions are possible",
                                 to_string(type), ir::kMaxRank),
                     "export the model for smaller inputs, or with free sizes for --bind"});
      continue;
    }
    const OnnxState* state = state_of(input.name());
    const ir::ValueId value = state ? graph_.add_input(state->name, type, state->name)
                                    : graph_.add_input(input.name(), type);
    if (state) {
      ir::Slot slot;
      slot.path = state->name;
      slot.type = type;
      slot.kind = ir::SlotKind::kState;
      slot.initializer = state->initializer;
      slot.place = state->place;
      module_.slots.push_back(std::move(slot));
    }
    named_.insert(value.index);
    define(input.name(), OnnxEntry{value, nullptr, false, ""}, root_, "input");
  }
}

void OnnxImporter::check_binds() {
  if (options_.batch != 1 && !used_batch_) {
    report_here(fmt::format("--batch {}: no input has a batch of free size", options_.batch),
                "export with a dynamic batch dimension, or leave --batch out");
  }
  std::vector<std::string> inputs;
  for (const ValueInfoProto& input : model_.graph().input()) {
    const auto known = root_.names.find(input.name());
    if (known == root_.names.end() || !known->second->initializer) inputs.push_back(input.name());
  }
  const std::vector<std::string> sizes = free_sizes();
  const auto unknown = [&](const std::string& name, const std::string& value) {
    if (used_binds_.contains(name)) return;
    std::vector<std::string> names = sizes;
    names.insert(names.end(), inputs.begin(), inputs.end());
    const std::string near = did_you_mean(name, names);
    report_here(fmt::format("--bind {}{}: the model has no free size and no input of that name",
                            name, value),
                fmt::format("{}{}free sizes: {}; inputs: {}", near, near.empty() ? "" : " — ",
                            sizes.empty() ? "none" : join(sizes, ", "), join(inputs, ", ")));
  };
  for (const auto& [name, size] : options_.binds)
    unknown(name, fmt::format("={}", size));
  for (const auto& [name, value] : options_.values)
    unknown(name, "");
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
      const std::string free = free_size("", i, dim);
      sizes.push_back(free.empty()            ? std::to_string(dim.dim_value())
                      : free.starts_with('.') ? "?"
                                              : free);
      // A batch that is given by --batch may stand as a number further down.
      if (same && free.empty())
        same = dim.dim_value() == type.shape[static_cast<size_t>(i)] ||
               (i == 0 && options_.batch != 1);
    }
  }
  if (same) return;
  // The type may be that of the branch of an If that is not taken.
  if (!decided_.empty()) {
    const ir::ValueMap<bool> sources = sources_of(value);
    if (std::ranges::any_of(decided_, [&](int32_t v) { return sources[ir::ValueId{v}]; })) return;
  }
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
    if (std::ranges::find(options_.states, output.name(), &OnnxState::output) !=
        options_.states.end())
      continue;
    try {
      const ir::ValueId result = value(*entry, InitializerUse::kParameter);
      check_declared(output, result, "output");
      graph_.outputs.push_back({output.name(), result, ""});
    } catch (const NodeFault& fault) {
      report(place, fault);
    }
  }
  add_states();
  for (const ValueInfoProto& info : model_.graph().value_info()) {
    const auto entry = root_.names.find(info.name());
    if (entry != root_.names.end() && entry->second->value)
      check_declared(info, entry->second->value, "value");
  }
}

}  // namespace linnet::frontend
