// The list of scalar operators: what each line promises holds.
#include "ir/op_def.h"
#include "ir/scalar_derivative.h"
#include "ir/scalar_math.h"

#include <gtest/gtest.h>

#include <cmath>

namespace linnet::ir {
namespace {

struct Operator {
  ScalarOp op;
  std::string_view name;
  int operands;
};

constexpr Operator kElementary[] = {
#define LINNET_ELEMENTARY(enumerator, name, operands, op) {ScalarOp::enumerator, #name, operands},
#include "ir/scalar_ops.def"
};
constexpr Operator kOperators[] = {
#define LINNET_SCALAR(enumerator, name, operands, op) {ScalarOp::enumerator, #name, operands},
#include "ir/scalar_ops.def"
};

ScalarExpr tree(const Operator& line) {
  std::vector<ScalarExpr> operands;
  for (int i = 0; i < line.operands; ++i)
    operands.push_back(ScalarExpr::argument(i));
  return ScalarExpr::make(line.op, operands);
}

TEST(ScalarOps, EachIsComputedAloneByItsOp) {
  for (const Operator& line : kOperators) {
    const OpDef& op = op_of(line.op);
    ASSERT_NE(op.scalar, nullptr) << line.name;
    EXPECT_EQ(op.scalar({}).op(), line.op) << line.name;
    EXPECT_EQ(op.operands.size(), static_cast<size_t>(line.operands)) << line.name;
    EXPECT_EQ(name(line.op), line.name);
  }
}

// Central differences in f64, at a point where every elementary function has a slope.
TEST(ScalarOps, EachElementaryFunctionHasItsSlope) {
  const double at[] = {0.7, 1.3};
  for (const Operator& line : kElementary) {
    const ScalarExpr f = tree(line);
    for (int i = 0; i < line.operands; ++i) {
      const double step = 1e-5;
      double more[] = {at[0], at[1]}, less[] = {at[0], at[1]};
      more[i] += step;
      less[i] -= step;
      const double difference =
          (scalar::evaluate<double>(f, more) - scalar::evaluate<double>(f, less)) / (2 * step);
      EXPECT_NE(difference, 0) << line.name;
      EXPECT_NEAR(scalar::evaluate<double>(derivative(f, i), at), difference, 1e-8) << line.name;
    }
  }
}

// What a Bounded carries covers the error that reaches the result.
TEST(ScalarOps, EachElementaryFunctionCarriesItsMagnitude) {
  for (const Operator& line : kElementary) {
    const Bounded at[] = {{0.7, 2.0}, {1.3, 3.0}};
    const double point[] = {0.7, 1.3};
    const ScalarExpr f = tree(line);
    const Bounded result = scalar::evaluate<Bounded>(f, at);
    double wanted = std::fabs(scalar::evaluate<double>(f, point));
    for (int i = 0; i < line.operands; ++i)
      wanted += std::fabs(scalar::evaluate<double>(derivative(f, i), point)) * at[i].magnitude;
    EXPECT_EQ(result.value, scalar::evaluate<double>(f, point)) << line.name;
    EXPECT_NEAR(result.magnitude, wanted, 1e-12) << line.name;
  }
}

// A negative base has no slope by its exponent; the rest of the error is still known.
TEST(ScalarOps, PowerOfANegativeBaseKeepsItsBound) {
  const Bounded at[] = {{-2, 2}, {3, 3}};
  const Bounded result =
      scalar::evaluate<Bounded>(pow(ScalarExpr::argument(0), ScalarExpr::argument(1)), at);
  EXPECT_NEAR(result.value, -8, 1e-12);
  EXPECT_NEAR(result.magnitude, 8 + 12 * 2, 1e-12);
}

}  // namespace
}  // namespace linnet::ir
