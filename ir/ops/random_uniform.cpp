// random_uniform: numbers of Philox4x32-10, a function of seed, step and position alone.
#include "ir/op_def.h"
#include "ir/samples.h"

#include "base/philox.h"

#include <fmt/format.h>

namespace linnet::ir {
namespace {

constexpr Key<Ints> kShape{"shape"};
constexpr Key<int64_t> kStream{"stream"};
constexpr Key<DType> kDType{"dtype"};
constexpr Key<int64_t> kParts{"parts"};
constexpr Key<int64_t> kRun{"run"};

// With three operands the numbers are those of one part of a whole of `parts` equal ones.
OpResult<void> check_part(const InferContext& c, int64_t elements) {
  const int64_t parts = c.attrs.get(kParts);
  const int64_t run = c.attrs.get(kRun);
  if (parts < 1) return op_error("a whole has at least one part", -1, "parts");
  if (parts > 1 && !c.has(2)) return op_error("which of the parts it is must be an operand", -1);
  if (run < 0 || (run > 0 && elements % run != 0) || (c.has(2) && run == 0 && elements != 0))
    return op_error(fmt::format("{} elements are no whole number of runs", elements), -1, "run");
  return {};
}

OpResult<std::vector<Type>> infer_random_uniform(const InferContext& c) {
  for (int i = 0; i < (c.has(2) ? 3 : 2); ++i) {
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
  if (auto part = check_part(c, type.elements()); !part) return tl::unexpected(part.error());
  return std::vector<Type>{type};
}

}  // namespace

const OpDef ops::random_uniform{
    .name = "random_uniform",
    .doc = "Uniform numbers in [0, 1), a pure function of seed and step: Philox4x32-10 with key = "
           "seed, counter = (element / 4, stream, step low, step high). Salmon et al., SC 2011. Of "
           "a part of a whole, element e is (e / run * parts + part) * run + e % run of the whole.",
    .operands = {{"seed", "i64"},
                 {"step", "i64"},
                 {.name = "part", .doc = "i64, from 0 on", .optional = true}},
    .attrs = {{.name = "shape", .doc = "of the result", .default_value = Ints{}, .required = true},
              {.name = "dtype",
               .doc = "f32 (24 bits) or f64 (53 bits, of which the first 24 are the same)",
               .default_value = DType::kF32},
              {.name = "stream", .doc = "another one for each use", .default_value = int64_t{0}},
              {.name = "parts", .doc = "of the whole", .default_value = int64_t{1}},
              {.name = "run",
               .doc = "elements of a part that follow each other in the whole",
               .default_value = int64_t{0}}},
    .traits = kRandom,
    .infer = infer_random_uniform,
    .evaluate =
        []<class T>(EvalContext<T>& c) {
          const auto seed = static_cast<uint64_t>(c.in(0).ints[0]);
          const auto step = static_cast<uint64_t>(c.in(1).ints[0]);
          const auto stream = static_cast<uint32_t>(c.attrs.get(kStream));
          const bool wide = c.out().type.dtype == DType::kF64;
          const auto part = static_cast<uint64_t>(c.has(2) ? c.in(2).ints[0] : 0);
          const auto parts = static_cast<uint64_t>(c.attrs.get(kParts));
          const auto run = static_cast<uint64_t>(c.attrs.get(kRun));
          for (uint64_t i = 0; i < c.out().size(); ++i) {
            const uint64_t element = run == 0 ? i : (i / run * parts + part) * run + i % run;
            c.out().values[i] =
                wide ? T(philox_uniform_f64(seed, stream, step, element))
                     : T(static_cast<double>(philox_uniform_f32(seed, stream, step, element)));
          }
        },
    .samples = [](const SamplesContext&) -> SamplesResult {
      return tl::unexpected(std::string("the seed of all numbers is made of the batch"));
    },
};

}  // namespace linnet::ir
