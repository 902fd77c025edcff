#include "support/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

TEST(Check, names_the_place_the_condition_and_what_was_expected) {
  EXPECT_NO_THROW(LINNET_CHECK(1 + 1 == 2, "arithmetic"));
  try {
    LINNET_CHECK(1 + 1 == 3, "arithmetic holds");
    FAIL() << "no exception";
  } catch (const InternalError& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("check_test.cpp:"));
    EXPECT_THAT(e.what(), testing::HasSubstr("arithmetic holds (1 + 1 == 3)"));
  }
}

}  // namespace
}  // namespace linnet
