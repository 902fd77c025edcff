/* A robot that obeys digits on signs: one camera frame in, one speed out, at every tick.
 *
 *   robot FRAMES LABELS      both IDX files; FRAMES stands for the camera, LABELS for the judge
 *
 * All memory is static and its size known when this file is compiled: the loop calls neither malloc
 * nor the system, but for reading the next frame. */
#define _POSIX_C_SOURCE 200809L
#include "lenet.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { kPixels = 28 * 28, kSigns = 10, kFramesHeader = 16, kLabelsHeader = 8 };

static float image[kPixels];
static float logits[kSigns];
static _Alignas(LENET_ARENA_ALIGN) unsigned char arena[LENET_ARENA_BYTES + 1]; /* never empty */

/* Fills `to` from `file`; 0 at the end of the file. */
static int read_all(int file, void* to, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(file, (char*)to + done, size - done);
    if (got <= 0) return 0;
    done += (size_t)got;
  }
  return 1;
}

static int sign_on(const uint8_t* frame) {
  int best = 0;
  for (int i = 0; i < kPixels; ++i)
    image[i] = (float)frame[i] / 255;
  if (lenet_run(image, logits, arena) != 0) return -1; /* only a NULL or misaligned arena */
  for (int sign = 1; sign < kSigns; ++sign)
    if (logits[sign] > logits[best]) best = sign;
  return best;
}

/* Half of the way to the speed that the sign asks for, so that one misread frame does not jerk. */
static double next_speed(double speed, int sign) {
  return speed + 0.5 * (sign - speed);
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char** argv) {
  static uint8_t frame[kPixels], header[kFramesHeader], label;
  int64_t slowest = 0;
  int frames = 0, right = 0;
  double speed = 0;
  if (argc != 3) return fprintf(stderr, "usage: robot FRAMES LABELS\n"), 2;
  if (!lenet_supported()) return fprintf(stderr, "robot: built for another CPU\n"), 4;
  const int camera = open(argv[1], O_RDONLY), judge = open(argv[2], O_RDONLY);
  if (camera < 0 || judge < 0) return perror("robot"), 1;
  if (!read_all(camera, header, kFramesHeader) || !read_all(judge, header, kLabelsHeader)) return 1;

  while (read_all(camera, frame, kPixels) && read_all(judge, &label, 1)) {
    const int64_t begin = nanoseconds();
    const int sign = sign_on(frame);
    if (sign < 0) return 5;
    speed = next_speed(speed, sign);
    const int64_t took = nanoseconds() - begin;
    if (took > slowest) slowest = took;
    ++frames;
    right += sign == label;
  }
  printf("%d frames, %d signs read right, speed now %.2f\n", frames, right, speed);
  fprintf(stderr, "slowest tick %.1f us, %d bytes of arena, %d of stack\n", (double)slowest / 1e3,
          (int)LENET_ARENA_BYTES, (int)LENET_STACK_BYTES);
  return 0;
}
