// A kernel as one Halide pipeline: values at positions, stages, and the generic schedule.
#include "codegen/lower/lower.h"

#include "codegen/lower/families.h"
#include "codegen/lower/lowering.h"
#include "codegen/lower/scalar_lower.h"
#include "codegen/lower/split_tiles.h"

#include "support/check.h"

#include <algorithm>
#include <numeric>

namespace linnet::codegen {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

constexpr int kPaddedAlignment =
    64;  // bytes; 4 instead moves nothing, it lets readers align theirs

// Elements of a stage that is computed once, vectorized over rows, instead of row by row: what a
// softmax shares takes 0.07x of row by row for [64, 128], 0.10x for [40, 6625] (Zen 5; 0.27x in
// vectors of 8). More would fill the stack.
constexpr int64_t kMostOnce = 1024;

bool padded(const ir::Value& value) {
  return value.storage && is_padded(value.storage->memory);
}

// Fixes shape, strides and alignment, so that generated code asks the buffer only for its address,
// which lies `offset` bytes into the memory.
void fix_dimensions(Halide::OutputImageParam param, const ir::Value& value,
                    const std::vector<BufferDim>& dims, int64_t offset) {
  for (size_t i = 0; i < dims.size(); ++i) {
    param.dim(static_cast<int>(i))
        .set_bounds(dims[i].min, dims[i].extent)
        .set_stride(dims[i].stride);
  }
  const int64_t alignment =
      padded(value) ? kPaddedAlignment : std::min<int64_t>(ir::size_of(value.type.dtype), 4);
  param.set_host_alignment(static_cast<int>(std::gcd(alignment, offset)));
}

// An input's memory begins with its halo, whose zeros a kernel may read: positions below 0.
std::vector<BufferDim> with_halo(const ir::Type& type, std::vector<BufferDim> dims) {
  if (!type.layout.has_halo()) return dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    const size_t from_outside = dims.size() - 1 - i;
    const size_t dim = type.layout.order.empty()
                           ? from_outside
                           : static_cast<size_t>(type.layout.order[from_outside]);
    const auto [before, behind] = type.layout.around(dim);
    dims[i].min = -static_cast<int>(before);
    dims[i].extent += static_cast<int>(before + behind);
  }
  return dims;
}

// Index of the innermost dimension that has more than one element, or 0. Extents come innermost
// first.
template <class Extents> size_t innermost(const Extents& extents) {
  const auto at = std::ranges::find_if(extents, [](auto extent) { return extent > 1; });
  return at == std::end(extents) ? 0 : static_cast<size_t>(at - std::begin(extents));
}

// How an input's elements are read: bf16 as bits, which `cast` widens; Halide would emulate it.
Halide::Type stored_type(ir::DType dtype) {
  return dtype == ir::DType::kBF16 ? Halide::UInt(16) : halide_type(dtype);
}

Expr evaluate_elementwise(Lowering& lowering, const ir::Node& node, const Position& position) {
  std::vector<Expr> arguments;
  ir::DType dtype = lowering.operand_type(node, 0).dtype;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const ir::Type& type = lowering.operand_type(node, i);
    if (is_float(type.dtype) || dtype == ir::DType::kBool) dtype = type.dtype;
    const size_t offset = position.size() - type.rank();
    Position at;
    for (size_t dim = 0; dim < type.rank(); ++dim)
      at.push_back(type.shape[dim] == 1 ? Expr(0) : position[offset + dim]);
    arguments.push_back(lowering.at(node.operands[i], at));
  }
  const ir::DType result = lowering.type(node.results.front()).dtype;
  Expr value = lower_scalar(node.op->scalar(node.attrs), dtype, arguments,
                            lowering.target().info.vector_registers == 0);
  return Halide::cast(halide_type(result), value);
}

}  // namespace

Halide::Type halide_type(ir::DType dtype) {
  switch (dtype) {
  case ir::DType::kF32:
    return Halide::Float(32);
  case ir::DType::kF64:
    return Halide::Float(64);
  case ir::DType::kF16:
    return Halide::Float(16);
  case ir::DType::kBF16:
    return Halide::BFloat(16);
  case ir::DType::kI64:
    return Halide::Int(64);
  case ir::DType::kI32:
    return Halide::Int(32);
  case ir::DType::kI8:
    return Halide::Int(8);
  case ir::DType::kU8:
  case ir::DType::kBool:  // one byte in memory, 0 or 1
    return Halide::UInt(8);
  }
  return {};
}

Expr literal(ir::DType dtype, double value) {
  const Halide::Type type = halide_type(dtype);
  return type.is_float() ? Halide::Internal::make_const(type, value)
                         : Halide::Internal::make_const(type, static_cast<int64_t>(value));
}

Expr at_every_point(const Halide::RDom& r, const Expr& value) {
  for (int i = 0; i < r.dimensions(); ++i) {
    if (Halide::Internal::expr_uses_var(value, r[i].name())) return value;
  }
  return Halide::select(r[0] >= 0, value, Halide::Internal::make_zero(value.type()));
}

std::vector<int> physical_extents(const ir::Type& type) {
  std::vector<int> extents;
  std::vector<int> order = type.layout.order;
  for (size_t dim = order.size(); dim < type.rank(); ++dim)
    order.push_back(static_cast<int>(dim));
  if (type.layout.block_dim >= 0) extents.push_back(static_cast<int>(type.layout.block));
  for (size_t i = order.size(); i-- > 0;) {
    const int64_t extent = type.stored_extent(static_cast<size_t>(order[i]));
    extents.push_back(
        static_cast<int>(order[i] == type.layout.block_dim ? extent / type.layout.block : extent));
  }
  if (extents.empty()) extents.push_back(1);  // a scalar
  return extents;
}

std::vector<BufferDim> buffer_dims(const ir::Type& type) {
  std::vector<BufferDim> dims = dense_dims(physical_extents(type));
  if (!type.layout.has_halo()) return dims;
  // Neither blocks nor extents rounded up: a dimension of the type is one of the buffer.
  std::vector<int64_t> strides = type.stored_strides();
  std::ranges::sort(strides);
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i].stride = static_cast<int>(strides[i]);
  return dims;
}

std::vector<BufferDim> dense_dims(const std::vector<int>& extents) {
  std::vector<BufferDim> dims;
  int stride = 1;
  for (const int extent : extents) {
    dims.push_back({extent, stride});
    stride *= extent;
  }
  return dims;
}

std::vector<Expr> physical_position(const ir::Type& type, const Position& at) {
  std::vector<Expr> position;
  std::vector<int> order = type.layout.order;
  for (size_t dim = order.size(); dim < type.rank(); ++dim)
    order.push_back(static_cast<int>(dim));
  const int block_dim = type.layout.block_dim;
  const int block = static_cast<int>(type.layout.block);
  if (block_dim >= 0) position.push_back(at[static_cast<size_t>(block_dim)] % block);
  for (size_t i = order.size(); i-- > 0;) {
    const Expr& dim = at[static_cast<size_t>(order[i])];
    position.push_back(order[i] == block_dim ? dim / block : dim);
  }
  if (position.empty()) position.emplace_back(0);
  return position;
}

void bound_extents(Func& output, const std::vector<int>& extents) {
  const std::vector<Var> vars = output.args();
  for (size_t i = 0; i < extents.size(); ++i)
    output.bound(vars[i], 0, extents[i]);
}

Lowering::Lowering(const ir::Graph& graph, const Target& target)
    : graph_(&graph), target_(&target) {
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const ir::ValueId id = graph.inputs[i].value;
    const ir::Value& value = graph.value(id);
    input_of_[id.index] = i;
    inputs_.emplace_back();
    (void)input_of(i, with_halo(value.type, buffer_dims(value.type)));
  }
  for (const ir::GraphOutput& output : graph.outputs)
    output_dims_.push_back(buffer_dims(type(output.value)));
}

Halide::ImageParam Lowering::input_of(size_t index, const std::vector<BufferDim>& dims) {
  const ir::Value& value = graph_->value(graph_->inputs[index].value);
  Halide::ImageParam param(stored_type(value.type.dtype), static_cast<int>(dims.size()),
                           "in" + std::to_string(index));
  fix_dimensions(param, value, dims, 0);
  inputs_[index] = param;
  return param;
}

Halide::ImageParam Lowering::input_as(size_t index, const std::vector<int>& extents) {
  return input_of(index, dense_dims(extents));
}

void Lowering::output_as(size_t index, std::vector<BufferDim> dims) {
  output_dims_[index] = std::move(dims);
}

Expr Lowering::at(ir::ValueId value, const Position& position) {
  if (const auto own = defined_.find(value.index); own != defined_.end())
    return own->second(position);
  if (const auto input = input_of_.find(value.index); input != input_of_.end()) {
    const Expr stored = inputs_[input->second](physical_position(type(value), position));
    const Halide::Type dtype = halide_type(type(value).dtype);
    return stored.type() == dtype ? stored : Halide::reinterpret(dtype, stored);
  }
  const ir::Node* node = graph_->producer(value);
  LINNET_CHECK(node != nullptr, "a value without a producer");
  if (node->tensor) {
    LINNET_CHECK(node->tensor->is_splat(), "only splats stay inside a kernel");
    const ir::DType dtype = type(value).dtype;
    return is_float(dtype)
               ? literal(dtype, node->tensor->as_doubles().front())
               : Halide::Internal::make_const(halide_type(dtype), node->tensor->as_ints().front());
  }
  return lower_node(*node, position);
}

Expr Lowering::at_or(ir::ValueId value, const Position& position, const Expr& fallback) {
  const ir::Shape& shape = type(value).shape;
  Position inside = position;
  Expr ok = Halide::Internal::const_true();
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    const int last = static_cast<int>(shape[dim]) - 1;
    ok = ok && position[dim] >= 0 && position[dim] <= last;
    inside[dim] = Halide::clamp(position[dim], 0, last);
  }
  return Halide::select(ok, at(value, inside), fallback);
}

Expr Lowering::lower_node(const ir::Node& node, const Position& position) {
  if (node.op->scalar) return evaluate_elementwise(*this, node, position);
  const auto table = lowerings();
  const auto row = std::ranges::find(table, node.op, &OpLowering::op);
  LINNET_CHECK(row != table.end(), "no kernel for '" + std::string(node.op->name) +
                                       "': a pass should have expanded it");
  return row->lower(*this, node, position);
}

Expr Lowering::read(const ir::Node& node, const Position& position, const Definition& define) {
  const ir::ValueId result = node.results.front();
  const ir::Shape& shape = type(result).shape;
  if (!stage_of_.contains(result.index)) {
    // Placed first: what its definition reads is a stage of its own, used by this one.
    const int index = static_cast<int>(stages_.size());
    stage_of_[result.index] = index;
    stages_.push_back({Func("s" + std::to_string(index)), {}, {}});
    Position pos(shape.size());
    std::vector<Var> vars;
    std::vector<Expr> arguments;
    for (size_t dim = shape.size(); dim-- > 0;) {
      vars.emplace_back("d" + std::to_string(dim));
      pos[dim] = vars.back();
      arguments.push_back(vars.back());
    }
    const ir::Shape from_inside(shape.rbegin(), shape.rend());
    const size_t along = innermost(from_inside);
    if (!shape.empty()) stages_.back().innermost_extent = from_inside[along];
    stages_.back().along = along;
    stages_.back().elements = ir::element_count(shape);
    Func func = stages_.back().func;
    const int before = std::exchange(current_, index);
    const bool updated = define(pos, func, arguments);
    current_ = before;
    stages_[static_cast<size_t>(index)].vars = vars;
    stages_[static_cast<size_t>(index)].updated = updated;
  }
  Stage& stage = stages_[static_cast<size_t>(stage_of_[result.index])];
  stage.users.push_back(current_);
  std::vector<Expr> arguments(position.rbegin(), position.rend());
  return stage.func(arguments);
}

Func Lowering::output(size_t index) {
  const ir::ValueId id = graph_->outputs[index].value;
  const ir::Type& t = type(id);
  std::vector<int> order = t.layout.order;
  for (size_t dim = order.size(); dim < t.rank(); ++dim)
    order.push_back(static_cast<int>(dim));
  const size_t count = physical_extents(t).size();
  std::vector<Var> vars;
  for (size_t i = 0; i < count; ++i)
    vars.emplace_back("p" + std::to_string(i));
  // From stored position to logical position; what lies beyond the shape becomes 0.
  Position position(t.rank());
  Expr ok = Halide::Internal::const_true();
  const bool blocked = t.layout.block_dim >= 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t dim = static_cast<size_t>(order[order.size() - 1 - i]);
    Expr at = vars[i + (blocked ? 1 : 0)];
    if (static_cast<int>(dim) == t.layout.block_dim)
      at = at * static_cast<int>(t.layout.block) + vars[0];
    if (t.stored_extent(dim) != t.shape[dim]) {
      const int last = static_cast<int>(t.shape[dim]) - 1;
      ok = ok && at <= last;
      at = Halide::min(at, last);
    }
    position[dim] = at;
  }
  Func func("out" + std::to_string(index));
  current_ = -1;
  Expr value = at(id, position);
  func(vars) =
      Halide::Internal::is_const_one(ok) ? value : Halide::select(ok, value, literal(t.dtype, 0));
  outputs_.push_back(func);
  return func;
}

// The generic family: vectors along the innermost stored dimension of more than one element,
// reductions computed for one vector of outputs at a time. Right for every kernel, fast for none in
// particular.
void Lowering::schedule_output(Func func, const ir::Type& t) {
  const std::vector<int> extents = physical_extents(t);
  const std::vector<Var> vars = func.args();
  bound_extents(func, extents);
  int lanes = static_cast<int>(target_->info.lanes(ir::size_of(t.dtype)));
  // Vectors of four registers where data only moves: 0.85x of one for the padding of [3, 224, 224],
  // 0.42x of [16, 56, 56], 0.16x of [16, 28, 28], whose rows are one; Zen 5. Of arithmetic it moves
  // relu 0.91x, tanh 0.82x, but in registers of AVX2 tanh 1.07x and a pool 3.1x.
  const bool moves = std::ranges::all_of(graph_->nodes(), [](const ir::Node& node) {
    return node.tensor || node.op->has(ir::kDataMovement);
  });
  if (moves) lanes *= 4;
  Var inner("inner");
  // A tail moves inwards: some elements are computed twice, none outside the buffer; a guarded one
  // takes 1.18x of relu on 4,099 elements, a pool of AVX2 1.5x (Zen 5). Not what is written over an
  // input, which must not be computed twice, nor moved data, whose conditions a moved tail breaks
  // up.
  const bool in_place = std::ranges::any_of(graph_->outputs, [&](const ir::GraphOutput& output) {
    const auto& storage = graph_->value(output.value).storage;
    return storage && storage->memory == ir::Memory::kSlot && storage->offset > 0;
  });
  const size_t along = innermost(extents);
  func.split(vars[along], vars[along], inner, std::min(lanes, extents[along]),
             in_place || moves ? Halide::TailStrategy::GuardWithIf
                               : Halide::TailStrategy::ShiftInwards)
      .vectorize(inner);
  elements_ = std::max(elements_, t.elements());
  vector_loop_ = along;
}

// How far out a stage is computed: once, if the output shares its elements, as it does the maximum
// of a softmax; if these are many, for one row of the output; else for one vector of it, in
// registers (a softmax with all stages so takes 8 to 15 times as long).
int Lowering::level(size_t index) const {
  const Stage& stage = stages_[index];
  if (outputs_.size() > 1) return kOnce;
  const bool shared = stage.elements < elements_;
  const bool rows = outputs_.front().args().size() > vector_loop_ + 1;
  int level = !shared ? kVector : rows && stage.elements > kMostOnce ? kRow : kOnce;
  for (int user : stage.users) {
    if (user >= 0) level = std::max(level, this->level(static_cast<size_t>(user)));
  }
  return level;
}

void Lowering::schedule_stages() {
  for (size_t i = 0; i < stages_.size(); ++i) {
    Stage& stage = stages_[i];
    const int where = level(i);
    if (where == kOnce) {
      stage.func.compute_root();
    } else {
      const std::vector<Var> loops = outputs_.front().args();
      stage.func.compute_at(outputs_.front(), loops[vector_loop_ + (where == kRow ? 1 : 0)]);
    }
    stage.func.store_in(Halide::MemoryType::Stack);
    if (stage.vars.empty() || stage.innermost_extent < 2) continue;
    const int64_t lanes =
        std::min<int64_t>(target_->info.lanes(stage.func.type().bytes()), stage.innermost_extent);
    const auto tail = Halide::TailStrategy::GuardWithIf;
    stage.func.vectorize(stage.vars[stage.along], static_cast<int>(lanes), tail);
    if (stage.updated)
      stage.func.update().vectorize(stage.vars[stage.along], static_cast<int>(lanes), tail);
  }
}

LoweredKernel lower_kernel(const ir::Graph& kernel, const Target& target) {
  Lowering lowering(kernel, target);
  LINNET_CHECK(kernel.schedule.has_value(), "kernel @" + kernel.name + " has no schedule");
  const std::string fault = passes::schedule_fault(kernel, *kernel.schedule);
  LINNET_CHECK(fault.empty(), "kernel @" + kernel.name + ": " + fault);
  std::vector<Func> outputs = lower(lowering, *kernel.schedule);
  if (passes::has_threads(*kernel.schedule)) {
    for (Func& output : outputs)
      split_tiles(output);
  }
  LoweredKernel lowered;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const ir::Value& value = kernel.value(kernel.outputs[i].value);
    fix_dimensions(outputs[i].output_buffer(), value, lowering.output_dims(i),
                   value.type.first_stored() * ir::size_of(value.type.dtype));
  }
  for (Halide::ImageParam& input : lowering.inputs())
    lowered.arguments.emplace_back(input);
  lowered.pipeline = Halide::Pipeline(outputs);
  return lowered;
}

}  // namespace linnet::codegen
