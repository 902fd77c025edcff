// Numbers as people write them.
#pragma once

#include <string>

namespace linnet {

// The shortest decimal text that reads back to the same number; with an exponent only below 1e-4
// and from 1e16 on, whatever the type; "inf", "-inf", "nan". Brings 170 kB of tables into an
// executable: a product without a trainer prints %.9g.
[[nodiscard]] std::string shortest(double value);
[[nodiscard]] std::string shortest(float value);

}  // namespace linnet
