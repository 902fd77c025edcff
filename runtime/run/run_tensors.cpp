// Tensors in files through a model, as they are.
#include "base/io/file.h"
#include "base/io/npy.h"
#include "runtime/answers/tensor_text.h"
#include "runtime/run/tasks.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>

namespace linnet::runtime {
namespace {

Result<int64_t> port_named(const linnet_model_v1& model, const std::string& name) {
  std::string names;
  for (int64_t i = 0; i < model.input_count; ++i) {
    if (name == model.inputs[i].name || name == format("@%lld", static_cast<long long>(i)))
      return i;
    names += format("%s%s", i ? ", " : "", model.inputs[i].name);
  }
  return fail_call("the model has no input '%s'; it has %s", name.c_str(), names.c_str());
}

// How many samples `tensor` holds for the port; 0 if it does not fit.
int64_t samples_of(const Tensor& tensor, const linnet_port_v1& port, bool batched) {
  if (static_cast<int64_t>(tensor.shape.size()) != port.rank) return 0;
  for (int64_t i = batched ? 1 : 0; i < port.rank; ++i) {
    if (tensor.shape[static_cast<size_t>(i)] != port.dims[i]) return 0;
  }
  if (!batched || port.rank == 0) return 1;
  return tensor.shape[0] % std::max<int64_t>(port.dims[0], 1) == 0
             ? tensor.shape[0] / std::max<int64_t>(port.dims[0], 1)
             : 0;
}

Result<void> write_outputs(const linnet_model_v1& abi, const std::vector<Tensor>& outputs,
                           const std::string& folder) {
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return fail_machine("%s: %s", folder.c_str(), std::strerror(errno));
  for (size_t i = 0; i < outputs.size(); ++i)
    LINNET_TRY(write_npy(folder + "/" + file_name_of(abi.outputs[i].name, i) + ".npy", outputs[i]));
  return {};
}

void print(const linnet_model_v1& abi, const std::vector<Tensor>& outputs, bool json) {
  TensorsJson all;
  std::string text;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const linnet_port_v1& port = abi.outputs[i];
    if (json) {
      all.add(port.name, outputs[i], port.classes);
    } else {
      text += tensor_text(port.name, outputs[i], port.classes);
    }
  }
  std::fputs(json ? all.text().c_str() : text.c_str(), stdout);
}

}  // namespace

Result<void> run_tensors(const Model& model, const Options& options) {
  const linnet_model_v1& abi = model.abi();
  std::vector<std::string> assignments = options.inputs;
  for (size_t i = 0; i < options.files.size(); ++i)  // by position
    assignments.push_back(format("@%zu=%s", i, options.files[i].c_str()));
  std::vector<Tensor> inputs(static_cast<size_t>(abi.input_count));
  std::vector<char> given(inputs.size(), false);
  int64_t samples = 0;
  for (const std::string& text : assignments) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos)
      return fail_call("--input takes NAME=F.npy, not '%s'", text.c_str());
    LINNET_TRY_ASSIGN(const auto& at, port_named(abi, text.substr(0, equals)));
    const std::string path = text.substr(equals + 1);
    LINNET_TRY_ASSIGN(const auto& tensor, read_npy(path));
    const linnet_port_v1& port = abi.inputs[at];
    const int64_t count = samples_of(tensor, port, abi.batched != 0 || abi.stateful != 0);
    if (count == 0 || (samples != 0 && count != samples)) {
      const std::vector<int64_t> wanted(port.dims, port.dims + port.rank);
      return fail("%s: '%s' takes %s%s, the file holds %s", path.c_str(), port.name,
                  shape_text(wanted).c_str(),
                  abi.batched || abi.stateful ? " (any number of samples in front)" : "",
                  shape_text(tensor.shape).c_str());
    }
    samples = count;
    inputs[static_cast<size_t>(at)] = converted(tensor, dtype_of_abi(port.dtype));
    given[static_cast<size_t>(at)] = true;
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (!given[i])
      return fail_call("no file for the input '%s'; --help shows how", abi.inputs[i].name);
  }
  std::vector<Tensor> outputs;
  for (int64_t i = 0; i < abi.output_count; ++i)
    outputs.push_back(Model::make(abi.outputs[i], std::max<int64_t>(samples, 1)));
  LINNET_TRY(model.run(inputs, outputs, std::max<int64_t>(samples, 1)));
  if (!options.output_dir.empty()) LINNET_TRY(write_outputs(abi, outputs, options.output_dir));
  if (options.output_dir.empty() || options.json) print(abi, outputs, options.json);
  return {};
}

}  // namespace linnet::runtime
