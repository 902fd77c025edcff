// Where ops and kernel families are in the source, as cmake/where_things_are.py found it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace linnet::cli {

// Of the lines `KIND NAME TEXT` the texts, in order: files of an "op", its "lowering", each "case"
// it stands in; of a "family" its files, "family_case",
// "family_doc" and "family_example": the file, and the lines of a kernel in it.
[[nodiscard]] std::vector<std::string> where(std::string_view kind, std::string_view name);

// Every op ("op") in the order of ir/ops.def, or every family ("family") in that of its table.
[[nodiscard]] std::vector<std::string> explained_names(std::string_view kind);

}  // namespace linnet::cli
