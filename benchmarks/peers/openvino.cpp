// openvino INPUT ANSWER OUTPUTS MODEL.onnx: its C++ API, one thread, one request, in f32: left to
// itself it takes bf16 where the CPU has it, which is other arithmetic.
#include "worker.h"

#include <openvino/openvino.hpp>

int main(int, char** argv) {
  namespace bench = linnet::benchmarks;
  ov::Core core;
  auto compiled = core.compile_model(core.read_model(argv[4]), "CPU",
                                     ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                                     ov::inference_num_threads(1), ov::num_streams(1),
                                     ov::hint::inference_precision(ov::element::f32));
  auto request = compiled.create_infer_request();
  size_t count = 0;
  float* in = bench::read_floats(argv[1], count);
  std::vector<float> out(std::strtoul(argv[3], nullptr, 10));
  request.set_input_tensor(ov::Tensor(ov::element::f32, compiled.input().get_shape(), in));
  request.set_output_tensor(
      ov::Tensor(ov::element::f32, compiled.output().get_shape(), out.data()));
  return bench::serve([&] { request.infer(); }, out.data(), out.size(), argv[2]);
}
