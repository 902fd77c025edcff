/* driver.c on a Cortex-M board under qemu: files `cases` and `answers` by semihosting, regions in
 * the memory behind the program's own data. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

const int kPlacements = 1;
int run_cases(uint32_t count);

/* Arm, "Semihosting for AArch32 and AArch64", 2.0. */
enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, kReadBinary = 1, kWriteBinary = 5 };

static int semihosting(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static int open_file(const char* name, int mode, uint32_t length) {
  const uint32_t block[3] = {(uint32_t)(uintptr_t)name, (uint32_t)mode, length};
  return semihosting(SYS_OPEN, block);
}

static int in, out;
static _Alignas(64) uint8_t memory[GRID_MEMORY];
static size_t used;

/* Off the multiples of more than `align`, where there is room. */
void* take(size_t bytes, size_t align, int behind) {
  (void)behind;
  used = (used + 63) / 64 * 64 + (align < 64 ? align : 0);
  if (used + bytes > sizeof memory) exit(6);
  void* const taken = memory + used;
  used += bytes;
  return taken;
}
void release(void) {
  used = 0;
}
size_t source(void* to, size_t bytes) {
  if (bytes == 0) return 0;
  const uint32_t block[3] = {(uint32_t)in, (uint32_t)(uintptr_t)to, (uint32_t)bytes};
  return bytes - (size_t)semihosting(SYS_READ, block); /* it returns what is left */
}
void answer(const void* from, size_t bytes) {
  if (bytes == 0) return;
  const uint32_t block[3] = {(uint32_t)out, (uint32_t)(uintptr_t)from, (uint32_t)bytes};
  semihosting(SYS_WRITE, block);
}
int main(void) {
  in = open_file("cases", kReadBinary, 5);
  out = open_file("answers", kWriteBinary, 7);
  uint32_t count = 0;
  if (in < 0 || out < 0 || source(&count, 4) != 4) return 2;
  return run_cases(count);
}
