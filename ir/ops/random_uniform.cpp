// random_uniform: numbers of Philox4x32-10, a function of seed, step and position alone.
#include "ir/op_def.h"
#include "ir/samples.h"

#include "base/philox.h"

namespace linnet::ir {
namespace {

constexpr Key<Ints> kShape{"shape"};
constexpr Key<int64_t> kStream{"stream"};
constexpr Key<DType> kDType{"dtype"};

OpResult<std::vector<Type>> infer_random_uniform(const InferContext& c) {
  for (int i = 0; i < 2; ++i) {
    const Type& type = c.type(static_cast<size_t>(i));
    if (type.dtype != DType::kI64 || type.elements() != 1) {
      return op_error("must be one i64, not " + to_string(type), i);
    }
  }
  const int64_t stream = c.attrs.get(kStream);
  if (stream < 0 || stream > UINT32_MAX) return op_error("a stream has 32 bits", -1, "stream");
  const DType dtype = c.attrs.get(kDType);
  if (dtype != DType::kF32 && dtype != DType::kF64)
    return op_error("must be f32 or f64", -1, "dtype");
  const Type type{dtype, c.attrs.get(kShape), {}};
  if (!valid(type.shape, type.dtype)) {
    return op_error(to_string(type.shape) + " is no shape", -1, "shape");
  }
  return std::vector<Type>{type};
}

}  // namespace

const OpDef ops::random_uniform{
    .name = "random_uniform",
    .doc = "Uniform numbers in [0, 1), a pure function of seed and step: Philox4x32-10 with key = "
           "seed, counter = (element / 4, stream, step low, step high). Salmon et al., SC 2011.",
    .operands = {{"seed", "i64"}, {"step", "i64"}},
    .attrs = {{.name = "shape", .doc = "of the result", .default_value = Ints{}, .required = true},
              {.name = "dtype",
               .doc = "f32 (24 bits) or f64 (53 bits, of which the first 24 are the same)",
               .default_value = DType::kF32},
              {.name = "stream", .doc = "another one for each use", .default_value = int64_t{0}}},
    .traits = kRandom,
    .infer = infer_random_uniform,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const auto seed = static_cast<uint64_t>(c.in(0).ints[0]);
          const auto step = static_cast<uint64_t>(c.in(1).ints[0]);
          const auto stream = static_cast<uint32_t>(c.attrs.get(kStream));
          const bool wide = c.out().type.dtype == DType::kF64;
          for (size_t i = 0; i < c.out().size(); ++i) {
            c.out().values[i] =
                wide ? T(philox_uniform_f64(seed, stream, step, i))
                     : T(static_cast<double>(philox_uniform_f32(seed, stream, step, i)));
          }
        },
    .samples = [](const SamplesContext&) -> SamplesResult {
      return tl::unexpected(std::string("the seed of all numbers is made of the batch"));
    },
};

}  // namespace linnet::ir
