// Code in this process, called by the record of the model.
#include "driver/bisect/backend.h"

#include "base/abi/model.h"
#include "base/memory.h"
#include "codegen/check/check_kernel.h"
#include "support/check.h"

#include <fmt/format.h>

#include <cstring>
#include <stdexcept>

namespace linnet::driver {
namespace {

using Memory = std::unique_ptr<void, FreeMemory>;

Memory memory_of(int64_t bytes, const char* purpose) {
  return aligned_memory(std::max<int64_t>(bytes, 1), purpose);
}

TensorList call(const linnet_model_v1& model, const ir::Graph& graph, const TensorList& inputs) {
  const linnet_entry_v1& entry = model.entries[0];
  const Memory arena = memory_of(entry.arena_bytes, "the arena of a call");
  const linnet_stream_v1* stream = model.stateful ? model.stream : nullptr;
  const Memory state = memory_of(stream ? stream->state_bytes : 0, "the state");
  if (stream) stream->reset(state.get());
  std::vector<Memory> from, to;
  std::vector<const void*> inputs_at;
  std::vector<void*> outputs_at;
  for (const ir::Tensor& tensor : inputs) {
    from.push_back(memory_of(static_cast<int64_t>(tensor.bytes().size()), "an input"));
    std::memcpy(from.back().get(), tensor.bytes().data(), tensor.bytes().size());
    inputs_at.push_back(from.back().get());
  }
  std::vector<ir::Type> types;
  for (const ir::GraphOutput& output : graph.outputs) {
    if (!output.slot.empty()) continue;
    types.push_back(graph.value(output.value).type);
    types.back().layout = {};
    to.push_back(memory_of(types.back().stored_bytes(), "an output"));
    outputs_at.push_back(to.back().get());
  }
  const int status =
      stream ? stream->steps(inputs_at.data(), outputs_at.data(), 1, state.get(), arena.get())
             : entry.call(inputs_at.data(), outputs_at.data(), state.get(), arena.get());
  if (status != 0) throw std::runtime_error(fmt::format("the call returned {}", status));
  TensorList outputs;
  for (size_t i = 0; i < to.size(); ++i) {
    const auto* bytes = static_cast<const std::byte*>(to[i].get());
    outputs.emplace_back(types[i], std::vector<std::byte>(bytes, bytes + types[i].stored_bytes()));
  }
  return outputs;
}

std::vector<TensorList> run(const ir::Module& planned, std::span<const TensorList> inputs,
                            const codegen::Target& target, const Options& options) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  const Host host{sources, diagnostics};
  Product product;
  product.target = target;
  product.modules.push_back(planned);
  const auto failed = [&](const std::string& what) {
    const auto& all = diagnostics.all();
    throw std::runtime_error(all.empty() ? what : all.front().message);
  };
  if (!generate(product, code_options(options, target, planned), options, host))
    failed("no code was made");
  const auto loaded = load(product, host);
  if (!loaded) failed("the code does not load");
  const auto* model = static_cast<const linnet_model_v1*>(loaded->symbol("linnet_product_model"));
  LINNET_CHECK(model != nullptr, "the object has no model");
  std::vector<TensorList> outputs;
  for (const TensorList& list : inputs)
    outputs.push_back(call(*model, planned.graphs.front(), list));
  return outputs;
}

}  // namespace

Backend native_backend(codegen::Target target, Options options) {
  options.product = true;
  options.here = true;
  return {[target, options](const ir::Module& planned, std::span<const TensorList> inputs) {
            return run(planned, inputs, target, options);
          },
          [target](const ir::Graph& kernel, const TensorList& inputs) {
            return inputs.empty() ? codegen::check_kernel(kernel, target, 0).error
                                  : codegen::check_kernel(kernel, target, inputs).error;
          }};
}

}  // namespace linnet::driver
