// compile --static: an executable that needs nothing of the machine but its kernel.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(Command, StaticExecutablesRunInAnEmptyRoot) {
  ASSERT_EQ(linnet("compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors "
                   "--static -o lenet"),
            0)
      << err_;
  ASSERT_EQ(run("readelf -l lenet"), 0);
  EXPECT_THAT(out_, Not(HasSubstr("INTERP")));
  if (geteuid() != 0) GTEST_SKIP() << "chroot into an empty folder needs root";
  ASSERT_EQ(run("mkdir root && cp lenet $S/models/data/digits/3.png root"), 0);
  ASSERT_EQ(run("chroot root /lenet /3.png"), 0) << err_;
  EXPECT_EQ(out_, "/3.png  3  100.0 %\n");
}

TEST_F(Command, OnlyExecutablesAreStatic) {
  EXPECT_EQ(linnet("compile $S/models/ar.lin --static --emit shared"), 2);
  EXPECT_THAT(err_, HasSubstr("--static"));
  EXPECT_FALSE(exists("libar.so"));
}

}  // namespace
}  // namespace linnet
