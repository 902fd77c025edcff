/* An LV2 plug-in whose sound a GRU makes. run() calls one function of the model's: no malloc, no
 * lock, no system call, and however a host cuts its blocks, the samples are the same. */
#include "amp.h"

#include <lv2/core/lv2.h>

#include <stdlib.h>
#include <string.h>

typedef struct {
  const float* in;
  float* out;
  unsigned char* state; /* of AMP_STATE_BYTES, aligned */
  unsigned char* arena; /* of AMP_STEP_ARENA_BYTES, aligned */
  unsigned char memory[AMP_STATE_BYTES + AMP_STEP_ARENA_BYTES + 2 * AMP_ARENA_ALIGN];
} Amp;

static unsigned char* aligned(unsigned char* at) {
  return (unsigned char*)(((uintptr_t)at + AMP_ARENA_ALIGN - 1) / AMP_ARENA_ALIGN *
                          AMP_ARENA_ALIGN);
}

static LV2_Handle instantiate(const LV2_Descriptor* descriptor, double rate, const char* path,
                              const LV2_Feature* const* features) {
  Amp* amp = amp_supported() ? calloc(1, sizeof *amp) : NULL;
  (void)descriptor, (void)rate, (void)path, (void)features;
  if (!amp) return NULL;
  amp->state = aligned(amp->memory);
  amp->arena = aligned(amp->state + AMP_STATE_BYTES);
  return amp;
}

static void connect_port(LV2_Handle instance, uint32_t port, void* data) {
  Amp* amp = instance;
  if (port == 0) amp->in = data;
  if (port == 1) amp->out = data;
}

static void activate(LV2_Handle instance) {
  amp_reset(((Amp*)instance)->state);
}

static void run(LV2_Handle instance, uint32_t count) {
  Amp* amp = instance;
  amp_steps(amp->in, amp->out, count, amp->state, amp->arena);
}

static void cleanup(LV2_Handle instance) {
  free(instance);
}

static const LV2_Descriptor kDescriptor = {
    "urn:linnet:amp", instantiate, connect_port, activate, run, NULL, cleanup, NULL};

LV2_SYMBOL_EXPORT const LV2_Descriptor* lv2_descriptor(uint32_t index) {
  return index == 0 ? &kDescriptor : NULL;
}
