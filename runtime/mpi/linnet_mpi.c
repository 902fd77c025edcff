/* The library by which a training run calls the MPI of this machine (base/abi/mpi.h):
 *
 *   mpicc -O2 -fPIC -shared -I . runtime/mpi/linnet_mpi.c -o liblinnet-mpi.so
 *
 * Another MPI has other types and constants: each needs a library of its own. */
#define _POSIX_C_SOURCE 199309L /* nanosleep */
#include "base/abi/mpi.h"

#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x
#if defined(OPEN_MPI)
#define LIBRARY                                                                                    \
  "Open MPI " TEXT(OMPI_MAJOR_VERSION) "." TEXT(OMPI_MINOR_VERSION) "." TEXT(OMPI_RELEASE_VERSION)
#elif defined(I_MPI_VERSION)
#define LIBRARY "Intel MPI " I_MPI_VERSION
#elif defined(MVAPICH2_VERSION)
#define LIBRARY "MVAPICH " MVAPICH2_VERSION
#elif defined(MPICH_VERSION)
#define LIBRARY "MPICH " MPICH_VERSION
#else
#define LIBRARY "MPI " TEXT(MPI_VERSION) "." TEXT(MPI_SUBVERSION)
#endif

enum { kTestsBeforeYield = 200, kTestsBeforeSleep = 2000 };

/* Of messages under way. A number stays free until the next message takes it. */
static MPI_Request* requests;
static char* taken;
static int64_t room;

static int start(int64_t* rank, int64_t* count) {
  int number = 0, processes = 1, given = 0;
  const int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given);
  if (code != MPI_SUCCESS) return code;
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  MPI_Comm_size(MPI_COMM_WORLD, &processes);
  *rank = number;
  *count = processes;
  return 0;
}

static int64_t next(void) {
  int64_t i = 0;
  while (i < room && taken[i])
    ++i;
  if (i == room) {
    const int64_t more = room ? 2 * room : 16;
    requests = realloc(requests, (size_t)more * sizeof *requests);
    taken = realloc(taken, (size_t)more);
    if (!requests || !taken) MPI_Abort(MPI_COMM_WORLD, 4);
    for (; room < more; ++room)
      taken[room] = 0;
  }
  taken[i] = 1;
  return i;
}

static int64_t send_to(const void* data, int64_t bytes, int64_t to, int64_t tag) {
  const int64_t message = next();
  MPI_Isend((void*)data, (int)bytes, MPI_BYTE, (int)to, (int)tag, MPI_COMM_WORLD,
            &requests[message]);
  return message;
}

static int64_t receive(void* data, int64_t bytes, int64_t from, int64_t tag) {
  const int64_t message = next();
  MPI_Irecv(data, (int)bytes, MPI_BYTE, (int)from, (int)tag, MPI_COMM_WORLD, &requests[message]);
  return message;
}

/* MPI's own waits keep the core, which another process may need to answer. */
static void wait_for(MPI_Request* request) {
  int done = 0;
  for (int64_t i = 0;; ++i) {
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (done) return;
    if (i >= kTestsBeforeSleep)
      nanosleep(&(struct timespec){0, 50000}, NULL);
    else if (i >= kTestsBeforeYield)
      sched_yield();
  }
}

static int passed(int64_t message) {
  int done = 0;
  MPI_Test(&requests[message], &done, MPI_STATUS_IGNORE);
  if (done) taken[message] = 0;
  return done;
}

static void least_and_most(const uint64_t* values, int64_t count, uint64_t* least, uint64_t* most) {
  MPI_Request request;
  MPI_Iallreduce(values, least, (int)count, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD, &request);
  wait_for(&request);
  MPI_Iallreduce(values, most, (int)count, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD, &request);
  wait_for(&request);
}

static void abort_all(int64_t status) {
  MPI_Abort(MPI_COMM_WORLD, (int)status);
  abort();
}

/* Whoever is done early waits without keeping its core. */
static void stop(void) {
  MPI_Request request;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  wait_for(&request);
  MPI_Finalize();
  free(requests);
  free(taken);
}

const linnet_mpi_v1 linnet_mpi = {
    LINNET_MPI_VERSION,
    sizeof(linnet_mpi_v1),
    LIBRARY,
    start,
    send_to,
    receive,
    passed,
    least_and_most,
    abort_all,
    stop,
};
