/* A Cortex-M program under qemu: start, faults, and newlib's system calls by semihosting. newlib's
 * own rdimon start locks up: it uses the FPU before it is enabled. */
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

extern uint32_t board_data_begin[], board_data_end[], board_data_load[];
extern uint32_t board_bss_begin[], board_bss_end[];
extern char board_heap_begin[], board_stack_end[];
extern void (*board_init_begin[])(void);
extern void (*board_init_end[])(void);
int main(void);

/* Arm, "Semihosting for AArch32 and AArch64", 2.0: operations and the reasons of an exit. */
enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20 };
enum { ADP_Stopped_ApplicationExit = 0x20026 };

static intptr_t semihosting(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void _exit(int status) {
  const uint32_t block[2] = {ADP_Stopped_ApplicationExit, (uint32_t)status};
  for (;;)
    semihosting(SYS_EXIT_EXTENDED, block);
}

int _write(int file, const char* bytes, int count) {
  (void)file;
  for (int done = 0; done < count;) {
    char text[128];
    int length = 0;
    while (length < (int)sizeof text - 1 && done < count)
      text[length++] = bytes[done++];
    text[length] = 0;
    semihosting(SYS_WRITE0, text);
  }
  return count;
}

void* _sbrk(ptrdiff_t bytes) {
  static char* end = board_heap_begin;
  char* begin = end;
  if (end + bytes > board_stack_end - (256 << 10)) return (void*)-1; /* the rest is the stack's */
  end += bytes;
  return begin;
}
int _read(int file, char* bytes, int count) {
  (void)file, (void)bytes, (void)count;
  return 0;
}
int _close(int file) {
  (void)file;
  return -1;
}
int _lseek(int file, int offset, int whence) {
  (void)file, (void)offset, (void)whence;
  return 0;
}
int _fstat(int file, struct stat* status) {
  (void)file;
  status->st_mode = S_IFCHR;
  return 0;
}
int _isatty(int file) {
  (void)file;
  return 1;
}
int _getpid(void) {
  return 1;
}
int _kill(int process, int signal) {
  (void)process, (void)signal;
  return -1;
}

/* Any exception ends the program: a lock-up would only be seen by its silence. */
static void fault(void) {
  static const char kText[] = "fault: CFSR, HFSR, SFSR in hexadecimal:";
  static volatile const uint32_t* const kRegisters[] = {(volatile uint32_t*)0xE000ED28,
                                                        (volatile uint32_t*)0xE000ED2C,
                                                        (volatile uint32_t*)0xE000EDE4};
  _write(2, kText, sizeof kText - 1);
  for (int i = 0; i < 3; ++i) {
    char digits[10] = " ";
    for (int digit = 0; digit < 8; ++digit)
      digits[1 + digit] = "0123456789abcdef"[*kRegisters[i] >> (28 - 4 * digit) & 15];
    _write(2, digits, 9);
  }
  _write(2, "\n", 1);
  _exit(70);
}

static __attribute__((noreturn)) void start(void) {
  for (size_t i = 0; i < (size_t)(board_data_end - board_data_begin); ++i)
    ((volatile uint32_t*)board_data_begin)[i] = board_data_load[i];
  for (volatile uint32_t* word = board_bss_begin; word < board_bss_end; ++word)
    *word = 0;
  /* FPSCR comes out of reset without flush-to-zero and default NaN; writing 0 would also make
   * Helium's loops of vectors trap (LTPSIZE). */
  for (size_t i = 0; i < (size_t)(board_init_end - board_init_begin); ++i)
    board_init_begin[i]();
  _exit(main());
}

/* Coprocessors 10 and 11, the FPU and MVE, are enabled before any instruction of theirs: CPACR. */
__attribute__((naked, noreturn)) void board_start(void) {
  __asm__ volatile("ldr r0, =0xE000ED88\n"
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0xF00000\n"
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
                   "ldr r0, =board_stack_end\n"
                   "mov sp, r0\n"
                   "b %0\n"
                   :
                   : "i"(start));
}

__attribute__((section(".vectors"), used)) static const void* const kVectors[16] = {
    board_stack_end, board_start, fault, fault, fault, fault, fault, fault,
    fault,           fault,       fault, fault, fault, fault, fault, fault};
