/* Calls an entry in a loop: what the same calls cost without Python. */
#include "base/abi/model.h"

int call_loop(linnet_call_v1 call, const void* const* inputs, void* const* outputs, void* arena,
              long count) {
  int status = 0;
  for (long i = 0; i < count; ++i)
    status |= call(inputs, outputs, 0, arena);
  return status;
}
