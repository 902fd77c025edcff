// The operators of the model language: how they are written, how strongly they bind, and which op
// each is between tensors. One table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace linnet::ir {
struct OpDef;
}

namespace linnet::frontend {

enum class Operator : uint8_t {
  kPipe,
  kOr,
  kAnd,
  kEqual,
  kUnequal,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPlus,
  kMinus,  // also before one operand
  kTimes,
  kDivide,
  kPower,
  kNot,
};

// All but kPower and kNot stand between two operands at one of these levels, weakest first, and are
// left-associative.
inline constexpr int kOperatorLevels = 6;

[[nodiscard]] std::string_view spelling(Operator op);  // "<="
// The operator of `level` that is written so; nullopt if there is none.
[[nodiscard]] std::optional<Operator> operator_at(int level, std::string_view text);
// Between two tensors; nullptr: no meaning for them.
[[nodiscard]] const ir::OpDef* tensor_op(Operator op);

}  // namespace linnet::frontend
