/* Runs the cases of a file: memory, calls, answers. program.cpp writes the file and reads the
 * answers; table.c, which is generated, has the functions.
 * A case is run twice where memory can be protected: with its regions just before a page that may
 * not be touched, and just behind one. Elsewhere they lie between bytes that must not change. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*Function)(void);
extern const Function kFunctions[];

enum { kMostRegions = 64, kMostArguments = 12, kBand = 64 };

void* take(size_t bytes, size_t align, int behind);
void release(void);
size_t source(void* to, size_t bytes);
void answer(const void* from, size_t bytes);
extern const int kPlacements;

static uint32_t number(void) {
  uint32_t value = 0;
  source(&value, 4);
  return value;
}

typedef uintptr_t A;

static int call(Function f, const A* a, uint32_t count) {
  switch (count) {
  case 1:
    return ((int (*)(A))f)(a[0]);
  case 2:
    return ((int (*)(A, A))f)(a[0], a[1]);
  case 3:
    return ((int (*)(A, A, A))f)(a[0], a[1], a[2]);
  case 4:
    return ((int (*)(A, A, A, A))f)(a[0], a[1], a[2], a[3]);
  case 5:
    return ((int (*)(A, A, A, A, A))f)(a[0], a[1], a[2], a[3], a[4]);
  case 6:
    return ((int (*)(A, A, A, A, A, A))f)(a[0], a[1], a[2], a[3], a[4], a[5]);
  case 7:
    return ((int (*)(A, A, A, A, A, A, A))f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
  case 8:
    return ((int (*)(A, A, A, A, A, A, A, A))f)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
  default:
    return -1000;
  }
}

struct Region {
  uint8_t *initial, *memory;
  size_t bytes, align;
  int answer;
};
static struct Region regions[kMostRegions];
static struct {
  uint32_t function, returns, count, kind[kMostArguments], value[kMostArguments],
      offset[kMostArguments];
} calls[256];

static int read_region(struct Region* region) {
  region->bytes = number();
  region->align = number();
  region->answer = (int)number();
  region->initial = (uint8_t*)take(region->bytes + 2 * kBand, region->align, 0);
  memset(region->initial, 0x5a, region->bytes + 2 * kBand);
  region->initial += kBand;
  return source(region->initial, region->bytes) == region->bytes;
}

static void place(struct Region* region, int behind) {
  region->memory = region->initial;
  if (kPlacements == 1) return;
  region->memory = (uint8_t*)take(region->bytes, region->align, behind);
  memcpy(region->memory, region->initial, region->bytes);
}

/* Were the bytes around it written? */
static int spoilt(const struct Region* region) {
  for (int i = 0; kPlacements == 1 && i < kBand; ++i) {
    if (region->memory[i - kBand] != 0x5a || region->memory[region->bytes + (size_t)i] != 0x5a)
      return 1;
  }
  return 0;
}

static void attempt(uint32_t region_count, uint32_t call_count, int behind) {
  for (uint32_t i = 0; i < region_count; ++i)
    place(&regions[i], behind);
  for (uint32_t i = 0; i < call_count; ++i) {
    A arguments[kMostArguments] = {0};
    for (uint32_t j = 0; j < calls[i].count; ++j) {
      arguments[j] = calls[i].kind[j] == 0
                         ? (A)(regions[calls[i].value[j]].memory + calls[i].offset[j])
                         : (A)calls[i].value[j];
    }
    const int returned = call(kFunctions[calls[i].function], arguments, calls[i].count);
    const int32_t status = calls[i].returns ? returned : 0;
    answer(&status, 4);
  }
  int32_t first = -1;
  for (uint32_t i = region_count; i-- > 0;) {
    if (spoilt(&regions[i])) first = (int32_t)i;
  }
  answer(&first, 4);
  for (uint32_t i = 0; i < region_count; ++i) {
    if (regions[i].answer) answer(regions[i].memory, regions[i].bytes);
  }
}

/* The cases from the first on; each begins with its number of regions and of calls. */
int run_cases(uint32_t count) {
  for (uint32_t n = 0; n < count; ++n) {
    const uint32_t region_count = number(), call_count = number();
    if (region_count > kMostRegions || call_count > 256) return 3;
    for (uint32_t i = 0; i < region_count; ++i) {
      if (!read_region(&regions[i])) return 4;
    }
    for (uint32_t i = 0; i < call_count; ++i) {
      calls[i].function = number();
      calls[i].returns = number();
      calls[i].count = number();
      for (uint32_t j = 0; j < calls[i].count; ++j) {
        calls[i].kind[j] = number();
        calls[i].value[j] = number();
        calls[i].offset[j] = number();
      }
    }
    for (int behind = 0; behind < kPlacements; ++behind)
      attempt(region_count, call_count, behind);
    release();
  }
  return 0;
}
