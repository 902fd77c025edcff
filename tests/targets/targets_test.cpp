// Code for other machines, run by emulators: the bits are those of this machine.
#include "tests/targets/networks.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

using testing::HasSubstr;

class Targets : public OnMachines {};

// One hash where products are fused with sums, of the same schedule; x86-64-v2 by exact arithmetic.
TEST_F(Targets, AnswersHaveTheSameBitsOnAll) {
  for (const Network& network : networks())
    expect_same_bits(network, {"x86-64-v2", "aarch64", "cortex-a72", "riscv64", "riscv64-v"});
}

TEST_F(Targets, TableNamesThem) {
  EXPECT_EQ(linnet("targets"), 0);
  for (const char* name : {"x86-64-v2", "aarch64", "riscv64-v", "wasm32-simd128", "cortex-m33"})
    EXPECT_THAT(out_, HasSubstr(name));
}

TEST_F(Targets, WhatIsNotMadeIsRefusedBeforeTheModelIsRead) {
  EXPECT_EQ(linnet("compile nothing.lin --target cortex-m33"), 3);
  EXPECT_THAT(err_, HasSubstr("--emit exe is not made for cortex-m33"));
  EXPECT_EQ(linnet("compile $S/models/ar.lin --target wasm32 --emit lib --flush-denormals -o a.a"),
            3);
  EXPECT_THAT(err_, HasSubstr("--flush-denormals: wasm32 has no such switch"));
  EXPECT_EQ(linnet("bench $S/models/ar.lin --target aarch64"), 4);
  EXPECT_THAT(err_, HasSubstr("code for aarch64 does not run on this machine"));
  for (const char* target :
       {"wasm32", "cortex-m33", "riscv32", "aarch64-apple-darwin", "x86_64-pc-windows-msvc"}) {
    EXPECT_EQ(linnet("run $S/models/ar.lin --input history=x.npy --target " + std::string(target)),
              4);
    EXPECT_THAT(err_, HasSubstr("does not run on this machine")) << target;
  }
  EXPECT_EQ(linnet("compile nothing.lin --target aarch65"), 2);
  EXPECT_THAT(err_, HasSubstr("no target 'aarch65'"));
  EXPECT_EQ(linnet("compile nothing.lin --target aarch64:cortex-a7x"), 2);
  EXPECT_THAT(err_, HasSubstr("no CPU 'cortex-a7x' of aarch64"));
}

}  // namespace
}  // namespace linnet
