// Which characters names may be made of: Unicode's XID_Start and XID_Continue (Annex 31).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace linnet {

// `_`, and letters of any script.
[[nodiscard]] bool begins_name(char32_t c);
// These, digits, and marks.
[[nodiscard]] bool continues_name(char32_t c);

// Where a name is not in normal form C (Annex 15), so that a name that looks the same could be
// another: the offset of a character that has a composed form, or of a mark that composes with
// the letter before it; nullopt if there is none. Several marks on one letter are not reordered.
[[nodiscard]] std::optional<size_t> not_composed(std::string_view name);

}  // namespace linnet
