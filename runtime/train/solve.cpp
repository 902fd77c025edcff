// The parameters that are trained as one vector, solved for by least squares.
#include "runtime/train/solve.h"

#include "runtime/data/parts.h"
#include "runtime/train/least_squares.h"

namespace linnet::runtime::train {
namespace {

Result<std::vector<double>> first_target(const linnet_trainer_v1& trainer, const Samples& samples) {
  const auto port = static_cast<size_t>(trainer.input_count);
  const DType dtype = dtype_of_abi(trainer.targets[0].dtype);
  std::vector<char> wanted(samples.bytes.size(), false);
  wanted[port] = true;
  std::vector<double> values;
  LINNET_TRY(
      for_each_part(samples, wanted, [&](int64_t, int64_t number, std::span<uint8_t* const> data) {
        const int64_t count = number * samples.bytes[port] / size_of(dtype);
        const size_t known = values.size();
        values.resize(known + static_cast<size_t>(count));
        convert(dtype, data[port], DType::kF64, values.data() + known, count);
        return Result<void>();
      }));
  return values;
}

}  // namespace

Result<std::string> solve(const linnet_trainer_v1& trainer, Slots& slots,
                          const Evaluation& evaluation, const Samples& samples) {
  std::vector<const linnet_slot_v1*> trained;
  int64_t count = 0;
  for (int64_t i = 0; i < trainer.slot_count; ++i) {
    const linnet_slot_v1& slot = trainer.slots[i];
    if (slot.kind != LINNET_PARAMETER || slot.frozen) continue;
    trained.push_back(&slot);
    count += slot.bytes / size_of(dtype_of_abi(slot.dtype));
  }
  const auto store = [&](const std::vector<double>& values) {
    const double* from = values.data();
    for (const linnet_slot_v1* slot : trained) {
      const int64_t size = slot->bytes / size_of(dtype_of_abi(slot->dtype));
      convert(DType::kF64, from, dtype_of_abi(slot->dtype), slots.of(*slot), size);
      from += size;
    }
  };
  LINNET_TRY_ASSIGN(const auto& target, first_target(trainer, samples));
  int64_t rank = 0;
  const auto outputs = [&](const std::vector<double>& values) -> Result<std::vector<double>> {
    store(values);
    auto found = evaluation.outputs(samples);
    LINNET_TRY(samples.check());
    return found;
  };
  LINNET_TRY_ASSIGN(const auto& solution, least_squares(count, target, outputs, rank));
  store(solution);
  if (rank == count) return std::string();
  return format("the data decide %lld of %lld directions of the parameters; of equal fits the "
                "smallest is taken",
                static_cast<long long>(rank), static_cast<long long>(count));
}

}  // namespace linnet::runtime::train
