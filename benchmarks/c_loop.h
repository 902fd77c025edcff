/* AR(4) as plain C: the loop that a model with a window replaces. */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  float window[4]; /* oldest first */
} c_loop_state;

void c_loop_step(const float* x, float* y, c_loop_state* state);
void c_loop_steps(const float* x, float* y, ptrdiff_t count, c_loop_state* state);

#ifdef __cplusplus
}
#endif
