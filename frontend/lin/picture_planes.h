// Pictures with their channels last, as Keras has them, become planes.
#pragma once

#include "ir/module.h"

namespace linnet::frontend {

// Every input [N,H,W,C] that `data` declares a picture of C channels becomes [N,C,H,W], with the
// transposition inside of the model; where [N,C,H,W] fits as it is, nothing changes. For models of
// other frameworks: their first graph.
void take_planes(ir::Module& module);

}  // namespace linnet::frontend
