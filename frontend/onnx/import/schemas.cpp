// Looks up operators, versions and function bodies in the tables made at build time.
#include "frontend/onnx/import/schemas.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace linnet::frontend {
namespace {

struct SchemaRow {
  const char* domain;
  const char* name;
  int since;
  bool deprecated;
  int least_inputs, most_inputs, least_outputs, most_outputs;
  const char* attributes;  // "axis:2,shape:7!": name, type, whether it is required
};
struct BodyRow {
  const char* name;
  int since;  // of the schema
  int opset;  // from which on the body holds
  const char* data;
  size_t size;
};
#include <schemas.inc>

}  // namespace

std::vector<OnnxAttribute> attributes_of(std::string_view text) {
  std::vector<OnnxAttribute> attributes;
  while (!text.empty()) {
    const std::string_view entry = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const size_t colon = entry.rfind(':');
    OnnxAttribute attribute{entry.substr(0, colon), 0, entry.back() == '!'};
    std::from_chars(entry.data() + colon + 1, entry.data() + entry.size(), attribute.type);
    attributes.push_back(attribute);
  }
  return attributes;
}

int newest_opset() {
  return kNewestOpset;
}

std::optional<OnnxSchema> find_schema(std::string_view domain, std::string_view name,
                                      int64_t opset) {
  const SchemaRow* found = nullptr;
  for (const SchemaRow& row : kSchemas) {
    if (row.domain == domain && row.name == name && row.since <= opset) found = &row;
  }
  if (!found) return std::nullopt;
  return OnnxSchema{found->domain,        found->name,         found->since,
                    found->deprecated,    found->least_inputs, found->most_inputs,
                    found->least_outputs, found->most_outputs, attributes_of(found->attributes)};
}

std::vector<std::string> operator_names(std::string_view domain) {
  std::vector<std::string> names;
  for (const SchemaRow& row : kSchemas) {
    if (row.domain == domain && (names.empty() || names.back() != row.name))
      names.emplace_back(row.name);
  }
  return names;
}

std::optional<::onnx::FunctionProto> function_body(const OnnxSchema& schema, int64_t opset) {
  const BodyRow* found = nullptr;
  for (const BodyRow& row : kBodies) {
    if (row.name == schema.name && row.since == schema.since && row.opset <= opset) found = &row;
  }
  ::onnx::FunctionProto body;
  if (!found || !body.ParseFromArray(found->data, static_cast<int>(found->size)))
    return std::nullopt;
  return body;
}

}  // namespace linnet::frontend
