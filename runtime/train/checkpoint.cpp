// Writes and reads the two safetensors files of a training run, and checks that they fit.
#include "runtime/train/checkpoint.h"

#include "base/initialize.h"
#include "base/integers.h"
#include "base/io/file.h"
#include "base/io/safetensors.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>

namespace linnet::runtime::train {
namespace {

constexpr const char* kFormat = "2";
constexpr const char* kHistory = "log/epochs";  // no slot has a slash in its path

constexpr uint64_t kHashStart = 0xcbf29ce484222325;

bool is_result(const linnet_slot_v1& slot) {
  return slot.kind == LINNET_PARAMETER || slot.kind == LINNET_BUFFER;
}

std::vector<int64_t> shape_of(const linnet_slot_v1& slot) {
  return {slot.dims, slot.dims + slot.rank};
}

NamedTensor named(const linnet_slot_v1& slot, const uint8_t* blob, const std::string& prefix = "") {
  return {prefix + slot.path, dtype_of_abi(slot.dtype), shape_of(slot), blob + slot.offset};
}

// Doubles as the hexadecimal number of their bits: no digit is lost.
std::string bits_text(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return format("%016" PRIx64, bits);
}
double bits_value(const std::string& text) {
  const uint64_t bits = std::strtoull(text.c_str(), nullptr, 16);
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// What a checkpoint without the word has is 1.
std::string shards_text(const linnet_trainer_v1& trainer) {
  return std::to_string(trainer.shards ? trainer.shards->count : 1);
}

Metadata facts_of(const linnet_trainer_v1& trainer, const RunState& state) {
  Metadata facts = {{"format", kFormat},
                    {"model", trainer.model_hash},
                    {"dtype", std::string(name(dtype_of_abi(trainer.dtype)))},
                    {"batch", std::to_string(trainer.batch)},
                    {"step", std::to_string(state.step)},
                    {"seed", std::to_string(state.seed)},
                    {"samples", std::to_string(state.samples)},
                    {"order", state.file_order ? "file" : "shuffle"},
                    {"finished", state.finished ? "1" : "0"},
                    {"best_score", bits_text(state.best_score)},
                    {"best_loss", bits_text(state.best_loss)},
                    {"best_accuracy", bits_text(state.best_accuracy)},
                    {"best_epoch", std::to_string(state.best_epoch)},
                    {"rate", bits_text(state.schedule.rate)},
                    {"plateau_least", bits_text(state.schedule.plateau_least)},
                    {"bad_epochs", std::to_string(state.schedule.bad_epochs)},
                    {"cooldown", std::to_string(state.schedule.cooldown)},
                    {"least_loss", bits_text(state.schedule.least_loss)},
                    {"least_epoch", std::to_string(state.schedule.least_epoch)},
                    {"loss_sum", bits_text(state.loss_sum)},
                    {"penalty_sum", bits_text(state.penalty_sum)}};
  if (trainer.shards) facts.emplace_back("shards", shards_text(trainer));
  return facts;
}

uint64_t checksum_of(const Metadata& facts, const std::vector<NamedTensor>& tensors) {
  uint64_t hash = kHashStart;
  const auto add = [&](const std::string& text) {
    hash = hash_of_bytes(hash, text.data(), text.size());
  };
  for (const auto& [key, value] : facts) {
    add(key);
    add(value);
  }
  for (const NamedTensor& tensor : tensors) {
    add(tensor.name);
    hash = hash_of_bytes(hash, tensor.data,
                         static_cast<size_t>(*byte_count(tensor.dtype, tensor.shape)));
  }
  return hash;
}

std::string fact(const Metadata& facts, std::string_view key) {
  for (const auto& [name, value] : facts) {
    if (name == key) return value;
  }
  return "";
}

std::vector<NamedTensor> state_tensors(const linnet_trainer_v1& trainer, const uint8_t* slots,
                                       const RunState& state) {
  const uint8_t* best = state.best_epoch >= 0 ? state.best.data() : nullptr;
  std::vector<NamedTensor> tensors;
  for (int64_t i = 0; i < trainer.slot_count; ++i)
    tensors.push_back(named(trainer.slots[i], slots));
  for (int64_t i = 0; best && i < trainer.slot_count; ++i) {
    if (is_result(trainer.slots[i])) tensors.push_back(named(trainer.slots[i], best, "best/"));
  }
  if (!state.history.empty())
    tensors.push_back({kHistory,
                       DType::kF64,
                       {static_cast<int64_t>(state.history.size() / 3), 3},
                       state.history.data()});
  return tensors;
}

// A tensor of the file into its place in a blob.
Result<void> place(const std::string& path, const Safetensors& file, const linnet_slot_v1& slot,
                   const std::string& prefix, uint8_t* blob) {
  const Safetensors::Entry* entry = file.find(prefix + slot.path);
  if (!entry) return fail("%s: '%s' is missing", path.c_str(), slot.path);
  if (entry->shape != shape_of(slot))
    return fail("%s: '%s' is %s, the model has %s", path.c_str(), slot.path,
                shape_text(entry->shape).c_str(), shape_text(shape_of(slot)).c_str());
  const Tensor tensor = file.tensor_as(*entry, dtype_of_abi(slot.dtype));
  std::copy(tensor.data.begin(), tensor.data.end(), blob + slot.offset);
  return {};
}

Result<RunState> read_checkpoint(const linnet_trainer_v1& trainer, const std::string& path,
                                 Slots& slots) {
  LINNET_TRY_ASSIGN(const auto& file, Safetensors::read(path));
  Metadata facts = file.metadata();
  const std::string sum = fact(facts, "checksum");
  if (sum.empty()) return fail("%s: is no checkpoint of a training run", path.c_str());
  if (fact(facts, "format") != kFormat)
    return fail("%s: is a checkpoint of another version of linnet", path.c_str());
  // Before the model's hash, which is of its train block too.
  const std::string shards = fact(facts, "shards").empty() ? "1" : fact(facts, "shards");
  if (shards != shards_text(trainer))
    return fail("%s: was trained with shards: %s, not %s, which add up in another order: set it "
                "back, or begin anew with --init",
                path.c_str(), shards.c_str(), shards_text(trainer).c_str());
  RunState state;
  state.seed = std::strtoull(fact(facts, "seed").c_str(), nullptr, 10);
  state.samples = std::strtoull(fact(facts, "samples").c_str(), nullptr, 10);
  state.file_order = fact(facts, "order") == "file";
  state.finished = fact(facts, "finished") == "1";
  state.best_score = bits_value(fact(facts, "best_score"));
  const auto whole = [&](const char* key) {
    return std::strtoll(fact(facts, key).c_str(), nullptr, 10);
  };
  state.step = whole("step");
  state.best_epoch = whole("best_epoch");
  state.best_loss = bits_value(fact(facts, "best_loss"));
  state.best_accuracy = bits_value(fact(facts, "best_accuracy"));
  state.schedule.rate = bits_value(fact(facts, "rate"));
  state.schedule.plateau_least = bits_value(fact(facts, "plateau_least"));
  state.schedule.bad_epochs = whole("bad_epochs");
  state.schedule.cooldown = whole("cooldown");
  state.schedule.least_loss = bits_value(fact(facts, "least_loss"));
  state.schedule.least_epoch = whole("least_epoch");
  state.loss_sum = bits_value(fact(facts, "loss_sum"));
  state.penalty_sum = bits_value(fact(facts, "penalty_sum"));
  if (fact(facts, "model") != trainer.model_hash)
    return fail("%s: is a checkpoint of another model, or of another version of it", path.c_str());
  const std::string dtype(name(dtype_of_abi(trainer.dtype)));
  if (fact(facts, "dtype") != dtype || fact(facts, "batch") != std::to_string(trainer.batch))
    return fail("%s: was trained with --dtype %s and batches of %s, not %s and %lld", path.c_str(),
                fact(facts, "dtype").c_str(), fact(facts, "batch").c_str(), dtype.c_str(),
                static_cast<long long>(trainer.batch));
  if (state.best_epoch >= 0) state.best.resize(static_cast<size_t>(trainer.slots_bytes));
  for (int64_t i = 0; i < trainer.slot_count; ++i) {
    const linnet_slot_v1& slot = trainer.slots[i];
    LINNET_TRY(place(path, file, slot, "", slots.data()));
    if (state.best_epoch >= 0 && is_result(slot))
      LINNET_TRY(place(path, file, slot, "best/", state.best.data()));
  }
  if (const Safetensors::Entry* history = file.find(kHistory)) {
    const Tensor tensor = file.tensor_as(*history, DType::kF64);
    state.history.assign(tensor.as<double>().begin(), tensor.as<double>().end());
    state.history.resize(round_down(state.history.size(), 3));
  }
  const auto tensors = state_tensors(trainer, slots.data(), state);
  if (format("%016" PRIx64, checksum_of(facts_of(trainer, state), tensors)) != sum)
    return fail("%s: is damaged (its checksum differs)", path.c_str());
  return state;
}

}  // namespace

// FNV-1a, 64 bits (Fowler, Noll, Vo), eight bytes at a time: against damage, not against malice.
uint64_t hash_of_bytes(uint64_t hash, const void* data, size_t bytes) {
  const auto* p = static_cast<const uint8_t*>(data);
  while (bytes > 0) {
    uint64_t word = 0;
    const size_t count = std::min<size_t>(bytes, 8);
    std::memcpy(&word, p, count);
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 29;
    p += count;
    bytes -= count;
  }
  return hash;
}

uint64_t hash_of_text(std::string_view text) {
  return hash_of_bytes(kHashStart, text.data(), text.size());
}

uint64_t hash_of(const linnet_trainer_v1& trainer, const Slots& slots) {
  uint64_t hash = kHashStart;
  for (int64_t i = 0; i < trainer.slot_count; ++i)
    hash = hash_of_bytes(hash, slots.of(trainer.slots[i]),
                         static_cast<size_t>(trainer.slots[i].bytes));
  return hash;
}

Slots::Slots(const linnet_trainer_v1& trainer) : trainer_(&trainer) {
  const size_t bytes = static_cast<size_t>(std::max(trainer.slots_bytes, kAlign));
  memory_ = aligned_memory(static_cast<int64_t>(bytes), "the state of training");
  std::memset(memory_.get(), 0, bytes);
}

void Slots::initialize(uint64_t seed) {
  for (int64_t i = 0; i < trainer_->slot_count; ++i) {
    const linnet_slot_v1& slot = trainer_->slots[i];
    if (slot.initializer.given) {
      std::memcpy(of(slot), slot.initializer.given, static_cast<size_t>(slot.bytes));
      continue;
    }
    std::vector<InitialSetting> settings;
    for (int64_t k = 0; k < slot.initializer.setting_count; ++k)
      settings.push_back({slot.initializer.names[k], slot.initializer.values[k]});
    auto values = initial_values(slot.initializer.kind, settings, shape_of(slot), seed,
                                 static_cast<uint32_t>(slot.stream));
    const int64_t count = slot.bytes / size_of(dtype_of_abi(slot.dtype));
    if (values.size() == 1) values.resize(static_cast<size_t>(count), values[0]);
    convert(DType::kF64, values.data(), dtype_of_abi(slot.dtype), of(slot), count);
  }
}

// The distance is the least power of two at which all epochs so far fit: a function of the epoch
// alone, so that a resumed run holds the same rows.
void RunState::add_to_history(int64_t epoch, double step, double loss, double validation_loss) {
  int64_t distance = 1;
  while (epoch / distance > kMostHistory)
    distance *= 2;
  if (epoch % distance != 0) return;
  if (static_cast<int64_t>(history.size() / 3) >= epoch / distance) {
    std::vector<double> thinned;
    for (size_t row = 1; row < history.size() / 3; row += 2)
      thinned.insert(thinned.end(), &history[row * 3], &history[row * 3] + 3);
    history = std::move(thinned);
  }
  history.insert(history.end(), {step, loss, validation_loss});
}

std::vector<uint8_t> Slots::bytes() const {
  return {data(), data() + trainer_->slots_bytes};
}

void Slots::assign(const std::vector<uint8_t>& bytes) {
  std::copy(bytes.begin(), bytes.end(), data());
}

Result<void> save_checkpoint(const linnet_trainer_v1& trainer, const std::string& path,
                             const Slots& slots, const RunState& state) {
  auto tensors = state_tensors(trainer, slots.data(), state);
  Metadata facts = facts_of(trainer, state);
  facts.emplace_back("checksum", format("%016" PRIx64, checksum_of(facts, tensors)));
  // Written whole under another name first: at no moment is there no checkpoint.
  const std::string fresh = path + ".new";
  LINNET_TRY(write_safetensors(fresh, std::move(tensors), std::move(facts)));
  if (file_exists(path) && std::rename(path.c_str(), (path + ".prev").c_str()) != 0)
    return fail_machine("%s: %s", path.c_str(), std::strerror(errno));
  if (std::rename(fresh.c_str(), path.c_str()) != 0)
    return fail_machine("%s: %s", path.c_str(), std::strerror(errno));
  return {};
}

Result<RunState> load_checkpoint(const linnet_trainer_v1& trainer, const std::string& path,
                                 Slots& slots, std::string& note) {
  const std::string previous = path + ".prev";
  auto state = read_checkpoint(trainer, path, slots);
  if (state || !file_exists(previous)) return state;
  auto older = read_checkpoint(trainer, previous, slots);
  if (!older) return state;
  note = state.error().message + "; taking the one before, " + previous;
  return older;
}

Result<void> save_result(const linnet_trainer_v1& trainer, const std::string& path,
                         const uint8_t* blob, const std::vector<Scale>& scales) {
  std::vector<NamedTensor> tensors;
  for (int64_t i = 0; i < trainer.slot_count; ++i) {
    if (is_result(trainer.slots[i])) tensors.push_back(named(trainer.slots[i], blob));
  }
  for (const Scale& scale : scales) {
    const auto count = static_cast<int64_t>(scale.mean.size());
    tensors.push_back({"data." + scale.name + ".mean", DType::kF64, {count}, scale.mean.data()});
    tensors.push_back(
        {"data." + scale.name + ".std", DType::kF64, {count}, scale.deviation.data()});
  }
  return write_safetensors(path, std::move(tensors));
}

Result<void> load_weights(const linnet_trainer_v1& trainer, const std::string& path, Slots& slots) {
  LINNET_TRY_ASSIGN(const auto& file, Safetensors::read(path));
  for (int64_t i = 0; i < trainer.slot_count; ++i) {
    const linnet_slot_v1& slot = trainer.slots[i];
    if (is_result(slot)) LINNET_TRY(place(path, file, slot, "", slots.data()));
  }
  return {};
}

}  // namespace linnet::runtime::train
