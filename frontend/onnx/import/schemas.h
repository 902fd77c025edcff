// ONNX's own tables: operators with the versions in which they changed, and the bodies of those
// that are functions of others. Written at build time from the pinned `onnx` package.
#pragma once

#include <onnx-ml.pb.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::frontend {

struct OnnxAttribute {
  std::string_view name;
  int type = 0;  // ::onnx::AttributeProto::AttributeType
  bool required = false;
};

// An operator from version `since` of its operator set on, until the next schema of its name.
struct OnnxSchema {
  std::string_view domain, name;
  int since = 1;
  bool deprecated = false;
  int least_inputs = 0, most_inputs = 0, least_outputs = 0, most_outputs = 0;
  std::vector<OnnxAttribute> attributes;
};

// What stands as "axis:2,alpha:1!" in a table.
[[nodiscard]] std::vector<OnnxAttribute> attributes_of(std::string_view text);

// Newest version of the operator set "" that is known.
[[nodiscard]] int newest_opset();

// The schema that holds in this version of the operator set; nullopt if there is none (yet).
[[nodiscard]] std::optional<OnnxSchema> find_schema(std::string_view domain, std::string_view name,
                                                    int64_t opset);
// Names of all operators of a domain; empty if the domain is not ONNX's.
[[nodiscard]] std::vector<std::string> operator_names(std::string_view domain);

// The operator as a function of others, for this version of the operator set.
[[nodiscard]] std::optional<::onnx::FunctionProto> function_body(const OnnxSchema& schema,
                                                                 int64_t opset);

}  // namespace linnet::frontend
