// Element types: one numbering for graphs, files and the contract of products.
#include "base/dtype.h"

#include "base/abi/model.h"
#include "base/io/tensor.h"
#include "base/status.h"

#include <csignal>
#include <gtest/gtest.h>
#include <type_traits>

namespace linnet {
namespace {

TEST(DType, NamesReadBackAndSayTheSize) {
  for (int i = 0; i < kDTypes; ++i) {
    const DType dtype = dtype_of_abi(i);
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype) << name(dtype);
    EXPECT_EQ(abi_number(dtype), i);
    EXPECT_EQ(name(dtype).data()[name(dtype).size()], '\0');  // it goes to printf
  }
  EXPECT_EQ(dtype_from_name("float"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
  EXPECT_EQ(size_of(DType::kF64), 8);
  EXPECT_EQ(size_of(DType::kBF16), 2);
  EXPECT_EQ(size_of(DType::kBool), 1);
}

TEST(DType, EveryOneIsFloatIntegerOrBool) {
  for (int i = 0; i < kDTypes; ++i) {
    const DType dtype = dtype_of_abi(i);
    EXPECT_EQ(is_float(dtype), name(dtype).find('f') != std::string_view::npos) << name(dtype);
    EXPECT_EQ(is_float(dtype) + is_integer(dtype) + (dtype == DType::kBool), 1) << name(dtype);
  }
}

TEST(DType, FilesAndTheContractHaveTheSame) {
  static_assert(std::is_same_v<DType, DType>);
  EXPECT_EQ(name(dtype_of_abi(LINNET_I64)), "i64");
  EXPECT_EQ(abi_number(DType::kU8), LINNET_U8);
}

TEST(Status, IsWhatMainReturns) {
  EXPECT_EQ(exit_code(Status::kDone), 0);
  EXPECT_EQ(exit_code(Status::kBug), 5);
  EXPECT_EQ(exit_code(ended_by(SIGINT)), 130);
  EXPECT_GT(Status::kMachine, Status::kUnsupported);  // the graver fault has the larger number
}

}  // namespace
}  // namespace linnet
