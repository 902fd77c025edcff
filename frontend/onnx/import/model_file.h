// An ONNX file as messages, and its tensors.
#pragma once

#include "base/result.h"
#include "ir/tensor.h"

#include "support/diag.h"

#include <onnx-ml.pb.h>

#include <optional>
#include <string>

namespace linnet::frontend {

// Reads and parses the file; what is wrong with it as a whole (no protobuf, no graph, a version of
// the format or of an operator set that is not known) goes to `diagnostics`.
[[nodiscard]] std::optional<::onnx::ModelProto> read_onnx_file(const std::string& path,
                                                               Diagnostics& diagnostics);

// If `path` looks like a model of another framework: its name and the line of Python that makes an
// ONNX file of it; "" otherwise.
[[nodiscard]] std::string other_framework(const std::string& path);

// Why a tensor cannot be had, and the status: kBadInput or kUnsupported.
struct TensorFault {
  std::string message;
  Status status = Status::kBadInput;
};

// The dtype that a TensorProto.DataType is taken as; nullopt if linnet has none like it. Numbers of
// 16 bits (is_half) are taken as f32.
[[nodiscard]] std::optional<ir::DType> dtype_of(int32_t data_type);
[[nodiscard]] bool is_half(int32_t data_type);
// Does ONNX know a type of elements by this number?
[[nodiscard]] bool is_data_type(int32_t data_type);
// "FLOAT16", for messages.
[[nodiscard]] std::string data_type_name(int32_t data_type);

// The tensor's type: sizes are checked before anything is multiplied.
[[nodiscard]] Result<ir::Type, TensorFault> type_of(const ::onnx::TensorProto& proto);
// Its elements, from the message or from an external file inside `folder` ("" or ending in '/').
[[nodiscard]] Result<ir::Tensor, TensorFault> read_tensor(const ::onnx::TensorProto& proto,
                                                          const std::string& folder);

}  // namespace linnet::frontend
