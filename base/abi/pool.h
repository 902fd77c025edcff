/* The threads of a product: a pool that lies in the model's object, and the functions that run it
 * (base/pool.cpp), which a product compiled with --threads links. Plain C99. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One tile of a kernel. The tiles are independent: no bit depends on who does them. Halide's
 * halide_task_t. */
typedef int (*linnet_tile_v1)(void* context, int32_t i, uint8_t* closure);

/* LINNET_POOL_BYTES of zeros, aligned to LINNET_POOL_ALIGN: a pool without threads. */
#define LINNET_POOL_BYTES 4288
#define LINNET_POOL_ALIGN 64
#define LINNET_MOST_THREADS 256
typedef struct linnet_pool_v1 linnet_pool_v1;

/* From now on calls share their tiles among `count` threads, those that call included; 1: among
 * none, as before. Each that is started has a stack of `stack_bytes`, all signals blocked, and the
 * affinity of its starter. They sleep between calls, at least `spin` microseconds after the last.
 * 0; LINNET_THREADS_INVALID, and nothing changes, if `count` is not 1 … most or spin is negative;
 * LINNET_THREADS_FAILED if the system starts none: then there are none. A process that was forked
 * has none; it may start its own. */
int linnet_pool_v1_start(linnet_pool_v1* pool, int count, int most, int spin, int64_t stack_bytes);
/* Ends them, when the kernel that they are at is done. */
void linnet_pool_v1_stop(linnet_pool_v1* pool);

/* Around the kernels of a call: only between these do threads wait without sleeping. */
void linnet_pool_v1_begin(linnet_pool_v1* pool);
void linnet_pool_v1_end(linnet_pool_v1* pool);

/* Calls tile(context, i, closure) for each i of min … min + count − 1, on whatever threads, and
 * returns 0 when all are done. While another call's kernel has the threads, one is done by its
 * caller alone. A tile sees the caller's MXCSR or FPCR. No memory is allocated and no lock is
 * waited for; the only system calls are futexes, to wake threads that sleep and to wait for those
 * that are late. */
int linnet_pool_v1_run(linnet_pool_v1* pool, linnet_tile_v1 tile, int32_t min, int32_t count,
                       uint8_t* closure);

/* What a product's main needs of it. */
typedef struct {
  int64_t most; /* threads it was compiled for */
  int (*start)(int count, int spin);
  void (*stop)(void);
} linnet_threads_v1;

#ifdef __cplusplus
} /* extern "C" */
static_assert(sizeof(linnet_threads_v1) == 3 * 8);
#endif
