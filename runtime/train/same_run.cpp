// Compares facts of the processes by their hashes.
#include "runtime/train/same_run.h"

#include "runtime/train/fingerprint.h"

#include <vector>

namespace linnet::runtime::train {
namespace {

Error differ(Processes& processes, std::string message, Status status) {
  processes.end_together();
  if (!processes.is_first()) message.clear();
  return {std::move(message), status};
}

}  // namespace

Result<void> check_processes(const linnet_trainer_v1& trainer, const Processes& processes) {
  if (!processes.together()) return {};
  if (trainer.recipe.least_squares)
    return fail_call("least_squares() takes all samples at once, and one process: start it without "
                     "mpirun");
  const int64_t shards = trainer.shards ? trainer.shards->count : 1;
  if (shards < processes.count()) {
    int64_t enough = processes.count();
    while (enough <= trainer.batch && trainer.batch % enough != 0)
      ++enough;
    const std::string more = enough > trainer.batch
                                 ? "a larger batch"
                                 : format("`shards: %lld`", static_cast<long long>(enough));
    return fail_call("%lld processes share the shards of a batch, and %s has %lld: write %s into "
                     "its train block, or start %s",
                     static_cast<long long>(processes.count()), trainer.name,
                     static_cast<long long>(shards), more.c_str(),
                     shards == 1 ? "one process" : "no more processes than shards");
  }
  return {};
}

Result<void> check_same_run(const linnet_trainer_v1& trainer, const TrainOptions& options,
                            const DataSet& data, int64_t steps, int64_t step, const Slots& slots,
                            Processes& processes) {
  if (!processes.together()) return {};
  uint64_t samples = 0;
  {
    const auto found = data.train.held ? whole_fingerprint(data) : fingerprint(data);
    LINNET_TRY(processes.agree(found ? Result<void>() : tl::unexpected(found.error())));
    samples = *found;
  }
  const std::pair<const char*, uint64_t> facts[] = {
      {"in their version of linnet", hash_of_text(trainer.linnet_version)},
      {"in the model or its train block", hash_of_text(trainer.model_hash)},
      {"in the machine that their code is made for: --target x86-64-v3 makes the same on all",
       hash_of_text(trainer.target)},
      {"in --dtype, --batch or the number of shards",
       hash_of_text(format("%lld %lld %lld", static_cast<long long>(trainer.dtype),
                           static_cast<long long>(trainer.batch),
                           static_cast<long long>(trainer.shards->count)))},
      {"in the number of samples: each reads --data itself",
       hash_of_text(format("%lld %lld", static_cast<long long>(data.train.count),
                           static_cast<long long>(data.validation ? data.validation->count : 0)))},
      {"in how they are called (--seed, --steps, --epochs, --data-order, --quiet, --logdir, "
       "--report)",
       hash_of_text(format("%llu %lld %d %d %d %d", static_cast<unsigned long long>(options.seed),
                           static_cast<long long>(steps), options.file_order, options.quiet,
                           options.logdir.empty(), options.history != nullptr))},
      {"in the samples: each reads --data itself", samples},
      {"in the step or the values that they begin with: each reads the checkpoint and the weights "
       "itself",
       hash_of(trainer, slots) + static_cast<uint64_t>(step)},
  };
  std::vector<uint64_t> numbers;
  for (const auto& fact : facts)
    numbers.push_back(fact.second);
  const auto at = processes.first_difference(numbers);
  if (!at) return {};
  return tl::unexpected(
      differ(processes, format("the processes differ %s", facts[*at].first), Status::kBadCall));
}

Result<void> check_same_slots(const linnet_trainer_v1& trainer, const Slots& slots, int64_t step,
                              Processes& processes) {
  if (!processes.together()) return {};
  const uint64_t hash = hash_of(trainer, slots);
  if (!processes.first_difference({&hash, 1})) return {};
  return tl::unexpected(
      differ(processes,
             format("step %lld: the parameters of the processes differ, which a fault of memory or "
                    "network does, or CPUs that compute otherwise; the last checkpoint is as it "
                    "was, and --resume goes on from it",
                    static_cast<long long>(step)),
             Status::kMachine));
}

}  // namespace linnet::runtime::train
