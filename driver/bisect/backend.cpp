// Code in this process, each call from the first state.
#include "driver/bisect/backend.h"

#include "codegen/check/check_kernel.h"
#include "driver/call.h"
#include "driver/reference.h"

#include <fmt/format.h>

#include <stdexcept>

namespace linnet::driver {
namespace {

TensorList call(const Callable& callable, const ir::Graph& graph, const TensorList& inputs) {
  std::vector<Tensor> from, to;
  for (const ir::Tensor& tensor : inputs)
    from.push_back(to_file(tensor));
  for (const ir::GraphOutput& output : graph.outputs) {
    const ir::Type& type = graph.value(output.value).type;
    if (output.slot.empty()) to.push_back(make_tensor(type.dtype, type.shape));
  }
  const int status = callable.run(from, to, 1);
  if (status != 0) throw std::runtime_error(fmt::format("the call returned {}", status));
  TensorList outputs;
  for (const Tensor& tensor : to)
    outputs.push_back(to_ir(tensor));
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
  const auto callable = Callable::load(product, host);
  if (!callable) failed("the code does not load");
  std::vector<TensorList> outputs;
  for (const TensorList& list : inputs)
    outputs.push_back(call(*callable, planned.graphs.front(), list));
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
