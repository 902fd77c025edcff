/* How a training run meets MPI: one constant of type linnet_mpi_v1, called linnet_mpi, in a shared
 * library that the system's mpicc makes of runtime/mpi/linnet_mpi.c. Programs by linnet load it
 * when a launcher of MPI has started them, and depend on no MPI otherwise.
 *
 * Plain C99; every field takes eight bytes, as in base/abi/model.h. */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINNET_MPI_VERSION 1

/* All functions are called by one thread, that of `start`. Where MPI itself fails, it ends the job,
 * as its default is. Numbers of processes count from 0. */
typedef struct {
  int64_t abi;         /* LINNET_MPI_VERSION */
  int64_t size;        /* sizeof(linnet_mpi_v1) */
  const char* library; /* what it was compiled with: "Open MPI 4.1.4" */

  /* Number of this process, and how many there are. 0, or what MPI returned. */
  int (*start)(int64_t* rank, int64_t* count);

  /* Begin to send to and to receive from a process, at most 1 GiB; what one sends to another with
   * one tag, 0 … 255, is received with it in the order of sending. The memory belongs to the
   * message until passed() of the number that is returned has said 1; the number is free then. */
  int64_t (*send)(const void* data, int64_t bytes, int64_t to, int64_t tag);
  int64_t (*receive)(void* data, int64_t bytes, int64_t from, int64_t tag);
  int (*passed)(int64_t message);

  /* Of each of `count` numbers the least and the most that any process brings; all call it. */
  void (*least_and_most)(const uint64_t* values, int64_t count, uint64_t* least, uint64_t* most);

  /* The end of all processes, each with this exit status. Does not return. */
  void (*abort)(int64_t status);
  /* The end of messages; all call it. */
  void (*stop)(void);
} linnet_mpi_v1;

#ifdef __cplusplus
} /* extern "C" */

static_assert(sizeof(linnet_mpi_v1) == 10 * 8);
#endif
