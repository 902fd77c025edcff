/* How the code of a training step and the training loop of runtime/train meet: one constant of type
 * linnet_trainer_v1, called linnet_product_trainer. `linnet train` emits it, loads the object into
 * its own process and runs the loop; `linnet train --emit exe` links both into a program.
 *
 * Plain C99; every field takes eight bytes, as in base/abi/model.h. */
#pragma once

#include "base/abi/model.h"

#ifdef __cplusplus
extern "C" {
#endif

#define LINNET_TRAINER_VERSION 6

enum linnet_slot_kind {
  LINNET_PARAMETER = 0,
  LINNET_BUFFER = 1,    /* running statistics: saved with the weights, not trained */
  LINNET_OPTIMIZER = 2, /* momentum and the like: in the checkpoint only */
  LINNET_STATE = 3,     /* of the model, between calls */
  LINNET_COUNTER = 4    /* steps done */
};

/* The first values of a slot: initialiser by name with its settings, all of them, and the fans
 * (base/initialize.h); or the elements themselves, which the model brings. */
typedef struct {
  const char* kind;
  int64_t setting_count;
  const char* const* names;
  const double* values;
  const void* given; /* `bytes` of the slot's dtype, row-major; NULL: by `kind` */
} linnet_initializer_v1;

/* What lasts from step to step. All slots lie in one blob, row-major, each from a multiple of 64
 * bytes on; the bytes between them are the code's to use. */
typedef struct {
  const char* path; /* "conv1.weight"; of the optimiser "conv1.weight.momentum_buffer" */
  int64_t kind;     /* enum linnet_slot_kind */
  int64_t frozen;   /* 1: never trained */
  int64_t dtype;    /* enum linnet_dtype */
  int64_t rank;
  int64_t dims[LINNET_MAX_RANK];
  int64_t offset; /* in the blob */
  int64_t bytes;  /* without padding */
  int64_t stream; /* of the random numbers it begins with */
  linnet_initializer_v1 initializer;
} linnet_slot_v1;

/* What a step depends on besides data and slots. `step` counts from 1. */
typedef struct {
  int64_t seed;
  int64_t step;
  double lr;
  int64_t shard; /* read by linnet_shard_step_v1 only, as is what follows */
  int64_t phase; /* from 0 on */
} linnet_step_args_v1;

/* One step: forward, backward, update of the slots. inputs[i]: `batch` samples of the model's
 * inputs, then of the targets. losses: [0] the data's, a mean over the batch, [1] the penalty's
 * (0 without one); both of the parameters before the update, in the trainer's dtype. */
typedef int (*linnet_train_step_v1)(const void* const* inputs, void* slots,
                                    const linnet_step_args_v1* args, void* losses, void* arena);

/* The gradients of such a step, before clipping: of the data's loss and the penalty, by every
 * parameter that is not frozen, in the order of the slots. outputs[i]: the parameter's dtype and
 * shape, row-major. Changes no slot. Of a trainer with shards inputs[0] is the block of sums. */
typedef int (*linnet_gradients_v1)(const void* const* inputs, const void* slots,
                                   const linnet_step_args_v1* args, void* const* outputs,
                                   void* arena);

/* A step whose batch is cut in `count` shards, equal parts of its samples in their order. Of shard
 * args->shard, inputs[i]: its samples. block: `block_bytes`, aligned to 64, numbers of the
 * trainer's dtype: loss, statistics, gradients; the bytes between them stay as they were. Reads the
 * slots only, and may be called for several shards at once, each with an arena of its own.
 *
 * Where shards have points at which they wait for each other (batch_norm2d(sync: true)), the step
 * is point_count + 1 calls for each, with args->phase 0 … point_count, an arena that only this
 * shard uses until the last, and the same block. Phase p ends at point p, and leaves point_bytes[p]
 * bytes in the arena from exchange_at on, numbers of the trainer's dtype. When all shards are
 * there, the caller puts their sum, element by element, in the place of each, and goes on with
 * phase p + 1. */
typedef int (*linnet_shard_step_v1)(const void* const* inputs, const void* slots,
                                    const linnet_step_args_v1* args, void* block, void* arena);
/* The slots' update from the sums of all shards' blocks, element by element. losses as above. */
typedef int (*linnet_update_v1)(const void* block, void* slots, const linnet_step_args_v1* args,
                                void* losses, void* arena);
/* In the middle of such a step, on the thread that calls it: the bytes of its block from `from` on
 * are final, and nothing of it reads them any more. */
typedef void (*linnet_finished_v1)(void* block, int64_t from);
typedef struct {
  int64_t count;
  int64_t block_bytes; /* a multiple of 64 */
  linnet_shard_step_v1 step;
  int64_t arena_bytes; /* of `step` */
  linnet_update_v1 update;
  linnet_finished_v1* finished; /* where to put one's own; NULL there: none is called. NULL itself
                                   where nothing is final before the end */
  int64_t point_count;
  const int64_t* point_bytes; /* multiples of 64 */
  int64_t exchange_at;        /* a multiple of 64 */
} linnet_shards_v1;

/* The model as it is used, on slots: outputs[0] is the data's loss (one element, the mean over the
 * batch), then follow the model's outputs. inputs as above. */
typedef int (*linnet_evaluate_v1)(const void* const* inputs, const void* slots,
                                  void* const* outputs, void* arena);

/* Calls tile(context, i, closure) for each i of min … min + count − 1, in any order and on any
 * thread, and returns when all are done. Halide's halide_do_par_for. */
typedef int (*linnet_parallel_for_v1)(linnet_tile_v1 tile, int32_t min, int32_t count,
                                      uint8_t* closure);

typedef struct {
  int64_t batch;
  linnet_evaluate_v1 call;
  int64_t arena_bytes;
} linnet_evaluate_entry_v1;

/* How the learning rate runs over the steps; `lr` below is where it begins (after the warm-up). */
enum linnet_schedule {
  LINNET_CONSTANT = 0,
  LINNET_STEP = 1,   /* times gamma every step_size epochs (torch.optim.lr_scheduler.StepLR; with
                        step_size 1 ExponentialLR) */
  LINNET_COSINE = 2, /* half a cosine down to min_lr at the last step (CosineAnnealingLR) */
  LINNET_PLATEAU = 3 /* times factor when the validation loss falls no more (ReduceLROnPlateau) */
};

/* What `train NAME { … }` declares. */
typedef struct {
  double lr;
  int64_t schedule;         /* enum linnet_schedule */
  double gamma;             /* of LINNET_STEP */
  int64_t step_size;        /* of LINNET_STEP, in epochs */
  double min_lr;            /* of LINNET_COSINE and LINNET_PLATEAU */
  double factor;            /* of LINNET_PLATEAU, like the next five */
  int64_t plateau_patience; /* epochs without a better loss that are borne */
  double threshold;         /* better is less than least × (1 − threshold) */
  int64_t threshold_abs;    /* 1: less than least − threshold */
  int64_t cooldown;         /* epochs after a reduction that do not count */
  double eps;               /* smaller reductions are not made */
  int64_t patience;      /* training stops so many epochs after the least validation loss; 0: not */
  int64_t warmup;        /* steps over which the rate rises linearly from lr / warmup; 0: none */
  int64_t epochs;        /* 0 if `steps` is declared */
  int64_t steps;         /* 0 if `epochs` is declared */
  double validation;     /* part of the training samples that only chooses the best; 0: none */
  int64_t least_squares; /* 1: the output is affine in the parameters; they are solved for */
  int64_t chronological; /* 1: samples are a series; the validation part is the last, not drawn */
} linnet_recipe_v1;

typedef struct {
  int64_t abi;  /* LINNET_TRAINER_VERSION */
  int64_t size; /* sizeof(linnet_trainer_v1) */

  const char* name; /* the model's */
  const char* linnet_version;
  const char* target;
  const char* model_hash; /* of model and recipe: a checkpoint of another is refused */
  int (*supported)(void);

  int64_t dtype; /* LINNET_F32 or LINNET_F64: parameters, losses, and the floats of inputs */
  int64_t batch; /* samples of a step */

  int64_t input_count;
  const linnet_port_v1* inputs; /* of one sample */
  int64_t target_count;
  const linnet_port_v1* targets; /* of one sample: i64 of rank 1 for classes, else the output's
                                    type; their data pointers say how they are read */
  int64_t output_count;
  const linnet_port_v1* outputs; /* of one sample */

  int64_t slot_count;
  const linnet_slot_v1* slots;
  int64_t slots_bytes;

  linnet_train_step_v1 train_step;      /* NULL of one that only evaluates, or has shards */
  const linnet_shards_v1* shards;       /* NULL of one that takes the batch whole */
  linnet_gradients_v1 gradients;        /* NULL of one that is not asked for a log of them */
  int64_t arena_bytes;                  /* the most of all entries but a shard's */
  linnet_parallel_for_v1* parallel_for; /* where to put one's own; NULL there: one thread */
  int64_t evaluate_count;
  const linnet_evaluate_entry_v1* evaluate; /* batch descending, the last of 1 */

  const char* loss; /* "cross_entropy", "mse"; an expression as it is written */
  linnet_recipe_v1 recipe;
} linnet_trainer_v1;

#if defined(__GNUC__)
__attribute__((visibility("hidden")))
#endif
extern const linnet_trainer_v1 linnet_product_trainer;

#ifdef __cplusplus
} /* extern "C" */

static_assert(sizeof(linnet_initializer_v1) == 5 * 8);
static_assert(sizeof(linnet_slot_v1) == 21 * 8);
static_assert(sizeof(linnet_step_args_v1) == 5 * 8);
static_assert(sizeof(linnet_shards_v1) == 9 * 8);
static_assert(sizeof(linnet_evaluate_entry_v1) == 3 * 8);
static_assert(sizeof(linnet_recipe_v1) == 18 * 8);
static_assert(sizeof(linnet_trainer_v1) == 26 * 8 + sizeof(linnet_recipe_v1));
#endif
