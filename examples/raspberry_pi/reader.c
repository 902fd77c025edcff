/* Reads the digit on each picture: ./reader PICTURE.pgm …
 * PICTURE is a PGM file (P5, 28 × 28, white on black), as a camera's tools write it. */
#include "lenet.h"

#include <stdio.h>

enum { kSide = 28, kDigits = 10 };

static unsigned char pixels[kSide * kSide];
static float logits[kDigits];
static _Alignas(LENET_ARENA_ALIGN) unsigned char arena[LENET_ARENA_BYTES];

/* 0, or why the file is no such picture. */
static const char* read_picture(const char* path) {
  int width = 0, height = 0, largest = 0;
  const char* fault = NULL;
  FILE* file = fopen(path, "rb");
  if (!file) return "it cannot be opened";
  if (fscanf(file, "P5 %d %d %d", &width, &height, &largest) != 3 || fgetc(file) == EOF)
    fault = "it is no PGM file (P5)";
  else if (width != kSide || height != kSide || largest != 255)
    fault = "28 x 28 pixels of 0 to 255 are expected";
  else if (fread(pixels, 1, sizeof pixels, file) != sizeof pixels)
    fault = "it ends early";
  fclose(file);
  return fault;
}

int main(int argc, char** argv) {
  if (argc < 2) return fprintf(stderr, "usage: reader PICTURE.pgm ...\n"), 2;
  for (int i = 1; i < argc; ++i) {
    int best = 0;
    const char* fault = read_picture(argv[i]);
    if (fault) return fprintf(stderr, "%s: %s\n", argv[i], fault), 1;
    if (lenet_run_u8(pixels, kSide, logits, arena) != 0) return 5; /* only a bad arena */
    for (int digit = 1; digit < kDigits; ++digit)
      if (logits[digit] > logits[best]) best = digit;
    printf("%s %d\n", argv[i], best);
  }
  return 0;
}
