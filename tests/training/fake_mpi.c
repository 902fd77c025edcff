/* A library in place of liblinnet-mpi.so for the tests: processes exchange messages as files of the
 * folder FAKE_MPI_FOLDER. It needs neither an MPI nor its launcher, and can do what neither does on
 * request: FAKE_MPI_COUNT processes are seen, if it is set, and one bit of message number
 * FAKE_MPI_FLIP to process 1 changes on its way, of those of 1,000 bytes and more. */
#include "base/abi/mpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kMostProcesses = 64, kMostMessages = 256, kTags = 256 };

static int64_t number, processes;
static int64_t sent[kMostProcesses][kTags], received[kMostProcesses][kTags], large_received;
static struct {
  char* data; /* NULL: free, or sent */
  int64_t bytes, from, tag, index;
} messages[kMostMessages];

static int64_t setting(const char* name, int64_t otherwise) {
  const char* text = getenv(name);
  return text ? atoll(text) : otherwise;
}

static const char* path(char* to, const char* kind, int64_t from, int64_t of, int64_t tag,
                        int64_t index) {
  snprintf(to, 4096, "%s/%s.%d.%d.%d.%d", getenv("FAKE_MPI_FOLDER"), kind, (int)from, (int)of,
           (int)tag, (int)index);
  return to;
}

static int start(int64_t* rank, int64_t* count) {
  number = setting("FAKE_MPI_RANK", 0);
  processes = setting("FAKE_MPI_COUNT", setting("OMPI_COMM_WORLD_SIZE", 1));
  *rank = number;
  *count = processes;
  return (int)setting("FAKE_MPI_FAILS", 0);
}

/* A file is seen whole, or not at all. */
static void put(const char* kind, const void* data, int64_t bytes, int64_t to, int64_t tag,
                int64_t index) {
  char under[4096], name[4096];
  FILE* file = fopen(path(under, "half", number, to, tag, index), "wb");
  if (!file || fwrite(data, 1, (size_t)bytes, file) != (size_t)bytes || fclose(file) != 0) abort();
  if (rename(under, path(name, kind, number, to, tag, index)) != 0) abort();
}

static int64_t send_to(const void* data, int64_t bytes, int64_t to, int64_t tag) {
  put("message", data, bytes, to, tag, sent[to][tag]++);
  return kMostMessages;
}

static int64_t receive(void* data, int64_t bytes, int64_t from, int64_t tag) {
  for (int64_t i = 0; i < kMostMessages; ++i) {
    if (messages[i].data) continue;
    messages[i].data = data;
    messages[i].bytes = bytes;
    messages[i].from = from;
    messages[i].tag = tag;
    messages[i].index = received[from][tag]++;
    return i;
  }
  abort();
}

static int passed(int64_t message) {
  char name[4096], end[4096];
  if (message == kMostMessages) return 1;
  path(name, "message", messages[message].from, number, messages[message].tag,
       messages[message].index);
  FILE* file = fopen(name, "rb");
  if (!file) {
    if ((file = fopen(path(end, "abort", 0, 0, 0, 0), "rb"))) _exit(fgetc(file));
    usleep(50);
    return 0;
  }
  /* What is longer or shorter than expected is a fault of whoever sends. */
  if (fread(messages[message].data, 1, (size_t)messages[message].bytes, file) !=
          (size_t)messages[message].bytes ||
      fgetc(file) != EOF)
    abort();
  fclose(file);
  unlink(name);
  if (number == 1 && messages[message].bytes >= 1000 &&
      large_received++ == setting("FAKE_MPI_FLIP", -1))
    messages[message].data[messages[message].bytes / 8 * 4 + 2] ^= 0x40; /* of a mantissa */
  messages[message].data = NULL;
  return 1;
}

static void take(void* data, int64_t bytes, int64_t from) {
  const int64_t message = receive(data, bytes, from, 0);
  while (!passed(message)) {
  }
}

static void least_and_most(const uint64_t* values, int64_t count, uint64_t* least, uint64_t* most) {
  const size_t bytes = (size_t)count * 8;
  uint64_t other[64];
  memcpy(least, values, bytes);
  memcpy(most, values, bytes);
  if (number != 0) {
    send_to(values, count * 8, 0, 0);
    take(least, count * 8, 0);
    take(most, count * 8, 0);
    return;
  }
  for (int64_t from = 1; from < processes; ++from) {
    take(other, count * 8, from);
    for (int64_t i = 0; i < count; ++i) {
      least[i] = other[i] < least[i] ? other[i] : least[i];
      most[i] = other[i] > most[i] ? other[i] : most[i];
    }
  }
  for (int64_t to = 1; to < processes; ++to) {
    send_to(least, count * 8, to, 0);
    send_to(most, count * 8, to, 0);
  }
}

static void abort_all(int64_t status) {
  const char code = (char)status;
  /* Under one name, whoever it is: all look for that. */
  const int64_t mine = number;
  number = 0;
  put("abort", &code, 1, 0, 0, 0);
  number = mine;
  _exit((int)status);
}

static void stop(void) {
  uint64_t done = 0, least, most;
  if (processes == setting("OMPI_COMM_WORLD_SIZE", 1)) least_and_most(&done, 1, &least, &most);
}

const linnet_mpi_v1 linnet_mpi = {
    LINNET_MPI_VERSION,
    sizeof(linnet_mpi_v1),
    "an MPI of files",
    start,
    send_to,
    receive,
    passed,
    least_and_most,
    abort_all,
    stop,
};
