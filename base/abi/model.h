/* How the object of a model and the `main` of runtime/ meet in a produced executable: one constant
 * of type linnet_model_v1, called linnet_product_model, with hidden visibility. `linnet compile`
 * emits it into the object of an executable only; libraries do not have it.
 *
 * Plain C99. Every field takes eight bytes (int64_t, double or pointer), so that there is no
 * padding and a compiler can write the constant down field by field. Pointers to text are never
 * null unless the comment says so; texts are UTF-8 and end with NUL. */
#pragma once

#include "base/abi/pool.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINNET_ABI_VERSION 1
#define LINNET_MAX_RANK 8

/* Element types; linnet::DType has the same numbers. */
enum linnet_dtype {
  LINNET_F32 = 0,
  LINNET_F64 = 1,
  LINNET_I64 = 2,
  LINNET_I32 = 3,
  LINNET_I8 = 4,
  LINNET_U8 = 5,
  LINNET_BOOL = 6
};

/* What a call returns. Nothing else can fail. */
enum linnet_call_status {
  LINNET_DONE = 0,
  LINNET_ARENA_NULL = -1,       /* arena is NULL and its size is not 0 */
  LINNET_ARENA_MISALIGNED = -2, /* arena is not a multiple of its alignment */
  LINNET_STATE_INVALID = -3,    /* state is NULL or not aligned to its alignment */
  LINNET_CATEGORY_UNKNOWN = -4, /* entries that take raw values: no such category of a onehot */
  /* Of NAME_threads_start; no call returns them. */
  LINNET_THREADS_INVALID = -5, /* not 1 to the number that was compiled for, or a negative spin */
  LINNET_THREADS_FAILED = -6   /* the system starts no more of them */
};

/* One call of the model. inputs[i] and outputs[i] are dense arrays in the declared order, aligned
 * to 4 bytes at least, which may not overlap. state is NULL for a model without state. */
typedef int (*linnet_call_v1)(const void* const* inputs, void* const* outputs, void* state,
                              void* arena);

/* ---- What `data NAME { … }` declares about a value; see docs/language.md ---- */

/* image(color:, scale:, mean:, std:, resize:, fit:, invert:). A sample is
 * channels × height × width, channels 1 for gray and else 3; their product is the number of
 * elements of the port, whatever its rank. */
typedef struct {
  int64_t color;  /* 0 gray, 1 rgb, 2 bgr */
  int64_t resize; /* 0 bilinear, 1 nearest */
  int64_t fit;    /* 0 stretch, 1 contain, 2 cover */
  int64_t invert; /* 1: 255 − sample first */
  int64_t height;
  int64_t width;
  double scale;        /* rounded to f32 before use; 1 if not declared */
  double mean[3];      /* by channel; gray uses the first; 0 if not declared */
  double deviation[3]; /* `std`; 1 if not declared */
} linnet_image_v1;

/* classes(labels:). The last dimension of the port. */
typedef struct {
  int64_t count;
  const char* const* labels; /* count texts */
  int64_t probabilities;     /* 1: the model ends in softmax, so the values are probabilities
                                already; 0: logits, and main applies softmax */
} linnet_classes_v1;

/* series(column:, index:, lags:, scale:, missing:): a sample is `lags` values, oldest first. */
typedef struct {
  const char* column;
  const char* index; /* column that names the rows, or NULL */
  int64_t lags;
  int64_t missing; /* 0 refuse, 1 previous, 2 linear */
  double mean;     /* the model sees (x − mean) / deviation; 0 and 1 if raw */
  double deviation;
  int64_t window; /* of a trainer whose model has state: steps of time in one sample */
  int64_t ahead;  /* known: ahead: the values end at the one forecast, not at the newest */
  int64_t learn;  /* 1: scale: standard, and no weights have brought mean and deviation */
} linnet_series_v1;

/* ahead(of:, steps:): the output is the value `steps` after the newest one of that input, in the
 * input's scale. */
typedef struct {
  int64_t input; /* index of the port with the series */
  int64_t steps;
} linnet_ahead_v1;

/* One column of table(columns:) or of value(column:). */
typedef struct {
  const char* name;
  double mean; /* the model sees (x − mean) / deviation; 0 and 1 if raw */
  double deviation;
  int64_t learn;                 /* as of a series */
  int64_t category_count;        /* 0: a number; else onehot: one element for each category */
  const char* const* categories; /* NULL for a number */
} linnet_column_v1;

/* table(columns:, scale:), also onehot and value, which are tables of one column. A sample is one
 * row: its elements are the columns' in order, onehot columns taking category_count of them. */
typedef struct {
  int64_t count;
  const linnet_column_v1* columns;
} linnet_table_v1;

/* ---- The model ---- */

/* An input or an output. At most one of the pointers below is not null; none: a plain tensor. */
typedef struct {
  const char* name;
  int64_t dtype; /* enum linnet_dtype */
  int64_t rank;
  int64_t dims[LINNET_MAX_RANK]; /* of the batch-1 entry; 0 beyond rank */
  const linnet_image_v1* image;
  const linnet_classes_v1* classes;
  const linnet_series_v1* series;
  const linnet_ahead_v1* ahead;
  const linnet_table_v1* table;
} linnet_port_v1;

/* The model compiled for one batch size. */
typedef struct {
  int64_t batch; /* dims[0] of every port is multiplied by it */
  linnet_call_v1 call;
  int64_t arena_bytes; /* 0: arena may be NULL */
  int64_t stack_bytes;
} linnet_entry_v1;

/* The same for `count` steps of time: arrays of so many inputs and outputs one after the other. */
typedef int (*linnet_steps_v1)(const void* const* inputs, void* const* outputs, int64_t count,
                               void* state, void* arena);

/* A model stepped through time. Its state is state_bytes of memory from a multiple of arena_align
 * on, which hold nothing but numbers: a copy is a snapshot. If the model has no state of its own,
 * but windows over series, a step takes one value of each series and keeps the window. */
typedef struct {
  linnet_call_v1 step;
  linnet_steps_v1 steps;
  void (*reset)(void* state);
  int (*check)(const void* state); /* 0, or LINNET_STATE_INVALID: of another model or its weights */
  int64_t state_bytes;
  int64_t arena_bytes;
  int64_t warmup; /* so many first answers come from windows that are not yet full */
} linnet_stream_v1;

typedef struct {
  int64_t abi;  /* LINNET_ABI_VERSION; checked before anything else is read */
  int64_t size; /* sizeof(linnet_model_v1) */

  const char* name;           /* the model's, "lenet" */
  const char* linnet_version; /* "0.1.0" */
  const char* target;         /* the CPU it is compiled for, "znver5" or "x86-64-v3" */
  const char* model_hash;     /* hexadecimal */
  const char* weights_hash;   /* hexadecimal; "" if untrained */
  int64_t untrained;          /* 1: parameters are initial values */

  int (*supported)(void); /* does this CPU have the instructions? Baseline code; 1 or 0 */

  /* By batch size, descending; the last one has batch 1. More than one only if batched. */
  int64_t entry_count;
  const linnet_entry_v1* entries;
  int64_t batched; /* 1: dimension 0 of every port is the batch, and samples are independent */
  int64_t arena_align;
  int64_t flops; /* of one sample: twice the multiply-adds of the model, for --bench; 0 unknown */

  int64_t input_count;
  const linnet_port_v1* inputs;
  int64_t output_count;
  const linnet_port_v1* outputs;

  const linnet_stream_v1* stream;   /* NULL: the model cannot be stepped */
  int64_t stateful;                 /* 1: entries[0] is stream->step, and the only entry */
  const char* loss;                 /* as the train block writes it, or NULL */
  const linnet_threads_v1* threads; /* NULL: a call has one */
} linnet_model_v1;

#if defined(__GNUC__)
__attribute__((visibility("hidden")))
#endif
extern const linnet_model_v1 linnet_product_model;

#ifdef __cplusplus
} /* extern "C" */

static_assert(sizeof(linnet_image_v1) == 13 * 8);
static_assert(sizeof(linnet_classes_v1) == 3 * 8);
static_assert(sizeof(linnet_series_v1) == 9 * 8);
static_assert(sizeof(linnet_ahead_v1) == 2 * 8);
static_assert(sizeof(linnet_column_v1) == 6 * 8);
static_assert(sizeof(linnet_table_v1) == 2 * 8);
static_assert(sizeof(linnet_port_v1) == 16 * 8);
static_assert(sizeof(linnet_entry_v1) == 4 * 8);
static_assert(sizeof(linnet_stream_v1) == 7 * 8);
static_assert(sizeof(linnet_model_v1) == 22 * 8);
#endif
