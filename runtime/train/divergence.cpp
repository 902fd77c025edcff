// Tells which parameter a diverged run should be asked about.
#include "runtime/train/divergence.h"

#include "runtime/train/evaluation.h"

#include <cmath>

namespace linnet::runtime::train {

tl::unexpected<Error> diverged(const linnet_trainer_v1& trainer, const Slots& slots, int64_t step,
                               double loss) {
  const linnet_slot_v1* worst = nullptr;
  double size = 0;
  for (int64_t i = 0; i < trainer.slot_count && std::isfinite(size); ++i) {
    const linnet_slot_v1& slot = trainer.slots[i];
    if (slot.dtype != trainer.dtype || slot.kind == LINNET_OPTIMIZER) continue;
    const int64_t count = slot.bytes / size_of(dtype_of_abi(slot.dtype));
    for (int64_t k = 0; k < count && std::isfinite(size); ++k) {
      const double value = std::fabs(value_at(trainer, slots.of(slot), k));
      if (value <= size) continue;  // NaN is not
      worst = &slot;
      size = value;
    }
  }
  std::string where;
  if (worst)
    where = format("; the %s parameter is '%s'",
                   std::isfinite(size) ? "largest" : "first that is not finite", worst->path);
  return fail("step %lld: the loss is %g%s. A smaller lr, `clip: norm(1)` or a warm-up may help; "
              "the last "
              "checkpoint is as it was",
              static_cast<long long>(step), loss, where.c_str());
}

}  // namespace linnet::runtime::train
