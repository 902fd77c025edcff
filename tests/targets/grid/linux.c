/* driver.c on Linux: files `cases` and `answers`, memory between pages that may not be touched. */
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

const int kPlacements = 2;
int run_cases(uint32_t count);

static struct {
  void* begin;
  size_t bytes;
} mappings[256];
static int mapped;
static FILE *in, *out;

void* take(size_t bytes, size_t align, int behind) {
  const size_t page = 4096, inner = (bytes + page) / page * page;
  uint8_t* begin = mmap(0, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (begin == MAP_FAILED || mprotect(begin + page, inner, PROT_READ | PROT_WRITE) != 0) exit(5);
  mappings[mapped].begin = begin;
  mappings[mapped++].bytes = inner + 2 * page;
  return behind ? begin + page : begin + page + (inner - bytes) / align * align;
}
void release(void) {
  while (mapped > 0) {
    --mapped;
    munmap(mappings[mapped].begin, mappings[mapped].bytes);
  }
}
size_t source(void* to, size_t bytes) {
  return fread(to, 1, bytes, in);
}
void answer(const void* from, size_t bytes) {
  fwrite(from, 1, bytes, out);
}
int main(void) {
  in = fopen("cases", "rb");
  out = fopen("answers", "wb");
  uint32_t count = 0;
  if (!in || !out || source(&count, 4) != 4) return 2;
  setvbuf(out, 0, _IONBF, 0); /* what a case that ends the program leaves is the cases before it */
  return run_cases(count);
}
