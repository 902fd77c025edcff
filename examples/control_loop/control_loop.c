/* A policy network in a loop of 1 kHz: ./control_loop TICKS
 *
 * Prints the action of each tick, and on standard error how late the ticks began. Between two ticks
 * the loop calls clock_nanosleep and clock_gettime; the network calls nothing at all. With the
 * right to (root, or CAP_SYS_NICE and a limit of locked memory) it runs under SCHED_FIFO, its
 * memory locked. */
#define _GNU_SOURCE
#include "policy.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { kPeriodNs = 1000000, kClasses = 14, kMostTicks = 1000000 };

static _Alignas(POLICY_ARENA_ALIGN) unsigned char arena[POLICY_ARENA_BYTES + 1];
static float actions[kMostTicks];
static long histogram[kClasses]; /* of ticks later than 2^(i-1) us, up to 2^i */

static int64_t nanoseconds(const struct timespec* time) {
  return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

/* A cart and a pole, in place of sensors and a motor: one step of Euler's method. */
static void plant(float* state, float force) {
  const float step = 0.001f;
  const float velocity = state[1], angular = state[3];
  state[1] += step * (10.0f * force - 0.5f * velocity);
  state[3] += step * (9.81f * state[2] - 10.0f * force);
  state[0] += step * velocity;
  state[2] += step * angular;
}

static void ask_for_real_time(void) {
  struct sched_param parameters;
  memset(&parameters, 0, sizeof parameters);
  parameters.sched_priority = 80;
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
    fprintf(stderr, "memory is not locked: %s\n", strerror(errno));
  if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0)
    fprintf(stderr, "no SCHED_FIFO: %s\n", strerror(errno));
}

static void print_histogram(int ticks) {
  fprintf(stderr, "%d ticks; begun later than due by\n", ticks);
  for (int i = 0; i < kClasses; ++i) {
    char bound[32];
    snprintf(bound, sizeof bound, i + 1 < kClasses ? "up to %d us" : "more", 1 << i);
    fprintf(stderr, "%14s %8ld  ", bound, histogram[i]);
    for (long bar = 0; bar < 50 * histogram[i] / ticks; ++bar)
      fputc('#', stderr);
    fputc('\n', stderr);
  }
}

int main(int argc, char** argv) {
  const int ticks = argc == 2 ? atoi(argv[1]) : 0;
  float state[4] = {0, 0, 0.05f, 0};
  struct timespec due, now;
  if (ticks < 1 || ticks > kMostTicks) return fprintf(stderr, "usage: control_loop TICKS\n"), 2;
  if (!policy_supported()) return fprintf(stderr, "built for another CPU\n"), 4;
  ask_for_real_time();
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (int tick = 0; tick < ticks; ++tick) {
    int class = 0;
    due.tv_nsec += kPeriodNs;
    if (due.tv_nsec >= 1000000000) {
      due.tv_nsec -= 1000000000;
      ++due.tv_sec;
    }
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR) {
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (policy_run(state, &actions[tick], arena) != 0) return 5; /* only a bad arena */
    plant(state, actions[tick]);
    while (class + 1 < kClasses && nanoseconds(&now) - nanoseconds(&due) > (int64_t)1000 << class)
      ++class;
    ++histogram[class];
  }
  for (int tick = 0; tick < ticks; ++tick)
    printf("%.9g\n", (double)actions[tick]);
  print_histogram(ticks);
  return 0;
}
