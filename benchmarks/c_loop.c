#include "benchmarks/c_loop.h"

static const float kWeight[4] = {0.1f, -0.2f, 0.3f, 0.7f};
static const float kBias = 1.5f;

static inline float step(float x, c_loop_state* state) {
  float sum = kBias;
  for (int i = 0; i < 3; ++i)
    state->window[i] = state->window[i + 1];
  state->window[3] = x;
  for (int i = 0; i < 4; ++i)
    sum += kWeight[i] * state->window[i];
  return sum;
}

void c_loop_step(const float* x, float* y, c_loop_state* state) {
  *y = step(*x, state);
}

void c_loop_steps(const float* x, float* y, ptrdiff_t count, c_loop_state* state) {
  for (ptrdiff_t t = 0; t < count; ++t)
    y[t] = step(x[t], state);
}
