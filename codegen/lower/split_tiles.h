// The loop of a kernel whose iterations are shared among threads.
#pragma once

#include <Halide.h>

namespace linnet::codegen {

// Makes parallel, of an output whose schedule is finished, its outermost loop of more than one
// iteration; where these are few, with the loops inside it as one, where they are many, in runs.
// The iterations are independent tiles of the output, whatever the family: each is computed by one
// thread, in the order in which one thread alone would. What is computed within a tile has its
// memory on the stack of the thread. An output with an update stays as it is.
void split_tiles(Halide::Func& output);

}  // namespace linnet::codegen
