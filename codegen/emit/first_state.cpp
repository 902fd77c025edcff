// The bytes of a state that has seen nothing.
#include "codegen/emit/first_state.h"

#include "codegen/cache/hash.h"

#include "ir/initialize.h"
#include "passes/lib/storage.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace linnet::codegen {

StateTag state_tag(const ir::Module& module, const CompileOptions& options) {
  std::string text = options.model_hash + ' ' + options.weights_hash;
  for (const ir::Slot& slot : module.slots)
    text += ' ' + slot.path + ' ' + to_string(slot.type);
  const std::string hash = sha256(text);
  StateTag tag;
  for (size_t i = 0; i < tag.size(); ++i)
    tag[i] = std::stoull(hash.substr(16 * i, 16), nullptr, 16);
  return tag;
}

std::vector<uint8_t> first_state(const ir::Module& module, const CompileOptions& options) {
  std::vector<uint8_t> bytes(static_cast<size_t>(passes::slots_bytes(module)));
  const StateTag tag = state_tag(module, options);
  std::memcpy(bytes.data(), tag.data(), kStateTagBytes);
  for (size_t i = 0; i < module.slots.size(); ++i) {
    const ir::Slot& slot = module.slots[i];
    const ir::Tensor value = ir::initial_value(slot, options.seed, static_cast<uint32_t>(i));
    std::memcpy(bytes.data() + passes::slot_offset(module, slot.path), value.bytes().data(),
                value.bytes().size());
  }
  return bytes;
}

int64_t warmup_steps(const ir::Module& module, const ir::Graph& step) {
  if (&step == &module.graphs.front()) return 0;  // the model's own state
  int64_t most = 0;
  for (const ir::GraphInput& input : step.inputs) {
    if (!input.slot.empty()) most = std::max(most, step.value(input.value).type.elements() - 1);
  }
  return most;
}

}  // namespace linnet::codegen
