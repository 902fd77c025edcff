// The `main` of a trainer that stands alone: its object calls this.
#pragma once

#include "base/abi/train.h"

extern "C" int linnet_train_main(int argc, char** argv, const linnet_trainer_v1* trainer);
