// Looks up lines of the index of the source that was embedded when linnet was built.
#include "cli/where.h"

#include "ir/op_def.h"
#include "passes/schedule/families.h"

#include <fmt/format.h>

extern "C" {
extern const char linnet_embedded_where_begin[], linnet_embedded_where_end[];
}

namespace linnet::cli {

std::vector<std::string> where(std::string_view kind, std::string_view name) {
  const std::string begin = fmt::format("{} {} ", kind, name);
  std::vector<std::string> found;
  std::string_view rest(linnet_embedded_where_begin, linnet_embedded_where_end);
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with(begin)) found.emplace_back(line.substr(begin.size()));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return found;
}

std::vector<std::string> explained_names(std::string_view kind) {
  std::vector<std::string> names;
  if (kind == "op") {
    for (const ir::OpDef* op : ir::all_ops())
      names.emplace_back(op->name);
  } else {
    for (const passes::Family& family : passes::families())
      names.emplace_back(family.name);
  }
  return names;
}

}  // namespace linnet::cli
