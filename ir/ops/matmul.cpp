// matmul: products of matrices with batch dimensions; its gradients are products again.
#include "ir/gradient.h"
#include "ir/op_def.h"

#include "ir/ops/shared/index.h"
#include "ir/samples.h"
#include "ir/scalar_math.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet::ir {
namespace {

constexpr Key<bool> kTransposeB{"transpose_b"};

// Batch dimensions of a matrix operand: all but the last two.
Shape batch_of(const Shape& shape) {
  return {shape.begin(), shape.end() - 2};
}

OpResult<std::vector<Type>> infer_matmul(const InferContext& c) {
  const Type& a = c.type(0);
  const Type& b = c.type(1);
  if (a.rank() < 2 || b.rank() < 2) {
    return op_error(fmt::format("operands must be matrices or stacks of them, not {} and {}",
                                to_string(a.shape), to_string(b.shape)),
                    a.rank() < 2 ? 0 : 1);
  }
  if (a.dtype != b.dtype || a.dtype == DType::kBool) {
    return op_error(fmt::format("operands must be numbers of one dtype, not {} and {}",
                                name(a.dtype), name(b.dtype)),
                    1);
  }
  const bool transposed = c.attrs.get(kTransposeB);
  const int64_t inner = a.shape.back();
  const int64_t rows_b = b.shape[b.rank() - (transposed ? 1 : 2)];
  if (inner != rows_b) {
    return op_error(fmt::format("{} times {}{}: inner sizes {} and {} differ", to_string(a.shape),
                                to_string(b.shape), transposed ? " transposed" : "", inner, rows_b),
                    1);
  }
  auto shape = broadcast(batch_of(a.shape), batch_of(b.shape));
  if (!shape) {
    return op_error(fmt::format("batch dimensions of {} and {} do not broadcast",
                                to_string(a.shape), to_string(b.shape)),
                    1);
  }
  shape->push_back(a.shape[a.rank() - 2]);
  shape->push_back(b.shape[b.rank() - (transposed ? 2 : 1)]);
  return std::vector<Type>{{a.dtype, std::move(*shape), {}}};
}

template <class T, class Element>
void multiply(EvalContext<T>& c, const std::vector<Element>& a, const std::vector<Element>& b,
              std::vector<Element>& out) {
  const Shape& sa = c.in(0).type.shape;
  const Shape& sb = c.in(1).type.shape;
  const Shape& so = c.out().type.shape;
  const bool transposed = c.attrs.get(kTransposeB);
  const int64_t m = so[so.size() - 2];
  const int64_t n = so.back();
  const int64_t k = sa.back();
  const Shape batch = batch_of(so);
  const auto stride_a = broadcast_strides(batch_of(sa), batch);
  const auto stride_b = broadcast_strides(batch_of(sb), batch);
  size_t o = 0;
  for (Index at(batch); at.valid(); at.next()) {
    const size_t base_a = offset_of(at.position(), stride_a) * static_cast<size_t>(m * k);
    const size_t base_b = offset_of(at.position(), stride_b) * static_cast<size_t>(k * n);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j, ++o) {
        Element sum(0);
        for (int64_t l = 0; l < k; ++l) {
          const int64_t at_b = transposed ? j * k + l : l * n + j;
          const Element& x = a[base_a + static_cast<size_t>(i * k + l)];
          const Element& y = b[base_b + static_cast<size_t>(at_b)];
          sum = scalar::add(sum, scalar::multiply(x, y));
        }
        out[o] = sum;
      }
    }
  }
}

// Rows of `input` and columns of `other` keep their places, counted from the end; what is summed
// over must not be the samples.
SamplesResult matmul_samples(const SamplesContext& c) {
  const size_t rank = c.result.rank();
  const size_t summed = c.attrs.get(kTransposeB) ? 1 : 2;  // of `other`, from the end
  std::optional<Samples> found;
  for (size_t i = 0; i < 2; ++i) {
    if (!c.operands[i]) continue;
    size_t from_end = c.types[i]->rank() - c.operands[i]->dim;
    if (from_end == (i == 0 ? 1 : summed))
      return tl::unexpected(std::string("matmul sums over the samples of the batch"));
    if (i == 1 && from_end <= 2) from_end = 1;
    const Samples samples{rank - from_end, c.operands[i]->inner};
    if (found && *found != samples)
      return tl::unexpected(
          std::string("matmul multiplies each sample of the batch by all others"));
    found = samples;
  }
  return *found;
}

Var transposed_matrix(const Var& a) {
  return a.apply(ops::transpose);
}

// A stack of matrices as one of all their rows.
Var rows_of(const Var& a) {
  const Shape& shape = a.shape();
  return reshaped(a, {a.type().elements() / std::max<int64_t>(shape.back(), 1), shape.back()});
}

std::vector<ValueId> matmul_gradient(const GradientContext& c) {
  Var a = c.in(0), g = c.gradient();
  const Var b = c.in(1);
  const bool transposed = c.attrs().get(kTransposeB);
  std::vector<ValueId> gradients(2);
  if (c.wants(0)) {
    const Var da = apply(ops::matmul, g, b, {{"transpose_b", !transposed}});
    gradients[0] = sum_to(da, a.shape()).id();
  }
  if (c.wants(1)) {
    // One matrix for all of a stack: its gradient is one product, not a sum of products.
    if (b.shape().size() == 2 && a.type().elements() > 0 && g.type().elements() > 0) {
      a = rows_of(a);
      g = rows_of(g);
    }
    const Var db = transposed ? apply(ops::matmul, transposed_matrix(g), a)
                              : apply(ops::matmul, transposed_matrix(a), g);
    gradients[1] = sum_to(db, b.shape()).id();
  }
  return gradients;
}

}  // namespace

const OpDef ops::matmul{
    .name = "matmul",
    .doc = "Product of matrices [..., M, K] and [..., K, N] ([..., N, K] with transpose_b), batch "
           "dimensions broadcast. ONNX MatMul-13 for rank 2 and more.",
    .operands = {{"input", "[..., M, K]"}, {"other", "[..., K, N]"}},
    .attrs = {{.name = "transpose_b", .doc = "other is [..., N, K]", .default_value = false}},
    .traits = kAnchor,
    .infer = infer_matmul,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          if (c.out().holds_floats()) {
            multiply(c, c.in(0).values, c.in(1).values, c.out().values);
          } else {
            multiply(c, c.in(0).ints, c.in(1).ints, c.out().ints);
          }
        },
    .gradient = [](const GradientContext& c) -> std::vector<ValueId> { return matmul_gradient(c); },
    .samples = matmul_samples,
    .multiply_adds = [](const InferContext& c,
                        const Type& result) { return result.elements() * c.type(0).shape.back(); },
};

}  // namespace linnet::ir
