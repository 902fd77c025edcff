// What every native worker does: answers once, then measures whenever it is told to.
//
// Standard output: `first VALUE PEAK_KB` after the first answer, then one line `CALLS BLOCK` for
// each line `SECONDS FILE` of standard input. FILE gets the samples: f64, ns of a call. Calls of
// less than a microsecond are timed in blocks of at least 20 µs, for the clock itself takes as long
// as they; a sample is then the mean of a block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace linnet::benchmarks {

inline int64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * int64_t{1000000000} + time.tv_nsec;
}

// The floats of a file, aligned for any engine.
inline float* read_floats(const char* path, size_t& count) {
  FILE* file = std::fopen(path, "rb");
  if (!file) {
    std::perror(path);
    std::exit(4);
  }
  std::fseek(file, 0, SEEK_END);
  const auto bytes = static_cast<size_t>(std::ftell(file));
  std::rewind(file);
  void* data = std::aligned_alloc(64, (bytes + 64) / 64 * 64);
  count = bytes / sizeof(float);
  if (std::fread(data, 1, bytes, file) != bytes) std::exit(4);
  std::fclose(file);
  return static_cast<float*>(data);
}

// Largest resident size of this process so far, kB.
inline long peak_kb() {
  FILE* file = std::fopen("/proc/self/status", "r");
  char line[256];
  long kb = 0;
  while (file && std::fgets(line, sizeof line, file)) {
    if (std::sscanf(line, "VmHWM: %ld", &kb) == 1) break;
  }
  if (file) std::fclose(file);
  return kb;
}

// ns of so many calls.
template <class Call> int64_t time_of(Call& call, int64_t times) {
  const int64_t start = now_ns();
  for (int64_t i = 0; i < times; ++i)
    call();
  return now_ns() - start;
}

// Samples of `seconds`, after a fifth as long to warm up, and how many calls each is the mean of.
template <class Call> std::vector<double> measure(Call& call, double seconds, int64_t& block) {
  const auto length = static_cast<int64_t>(seconds * 1e9);
  const int64_t start = now_ns();
  int64_t calls = 0;
  for (; calls == 0 || now_ns() - start < length / 5; ++calls)
    call();
  block = 1;
  if (now_ns() - start < 1000 * calls) {
    for (block = 16; time_of(call, block) < 20000;)
      block *= 2;
  }
  std::vector<double> samples;
  samples.reserve(1 << 20);
  for (const int64_t end = now_ns() + length; now_ns() < end || samples.size() < 3;)
    samples.push_back(static_cast<double>(time_of(call, block)) / static_cast<double>(block));
  return samples;
}

// ANSWER gets the output of the first call.
template <class Call> int serve(Call call, const float* output, size_t count, const char* answer) {
  call();
  std::printf("first %.6g %ld\n", static_cast<double>(output[0]), peak_kb());
  std::fflush(stdout);
  if (FILE* file = std::fopen(answer, "wb")) {
    std::fwrite(output, sizeof(float), count, file);
    std::fclose(file);
  }
  char line[4096], path[4096];
  double seconds = 0;
  while (std::fgets(line, sizeof line, stdin) &&
         std::sscanf(line, "%lf %4095[^\n]", &seconds, path) == 2) {
    int64_t block = 1;
    const std::vector<double> samples = measure(call, seconds, block);
    FILE* file = std::fopen(path, "wb");
    if (!file) return 4;
    std::fwrite(samples.data(), sizeof(double), samples.size(), file);
    std::fclose(file);
    std::printf("%zu %lld\n", samples.size() * static_cast<size_t>(block),
                static_cast<long long>(block));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace linnet::benchmarks
