/* liblinnet.so from C: what api/linnet.h promises, of good models and of bad ones.
 *   linnet_api_test LIBRARY MODELS */
#include "api/linnet.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char* (*version)(void);
static linnet_network* (*load)(int, const char* const*, char**);
static const linnet_model_v1* (*model_of)(const linnet_network*);
static const char* (*header_of)(const linnet_network*);
static void (*unload)(linnet_network*);
static void (*free_text)(char*);

static int failed;

static void expect(int good, const char* what) {
  if (good) return;
  fprintf(stderr, "wrong: %s\n", what);
  failed = 1;
}

/* ISO C knows no conversion of an object's pointer into a function's. */
static void find(void* library, const char* name, void* function) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) {
    fprintf(stderr, "no %s in the library\n", name);
    exit(1);
  }
  memcpy(function, &symbol, sizeof symbol);
}

/* The sum of what it gives for an input of zeros. */
static double answer(const linnet_model_v1* model) {
  static float image[28 * 28], logits[10];
  const linnet_entry_v1* entry = &model->entries[model->entry_count - 1];
  const size_t align = (size_t)model->arena_align;
  unsigned char* memory = malloc((size_t)entry->arena_bytes + align);
  const void* const inputs[] = {image};
  void* const outputs[] = {logits};
  double sum = 0;
  if (memory == NULL) exit(1);
  expect(entry->call(inputs, outputs, NULL, memory + (align - (uintptr_t)memory % align)) == 0,
         "a call is done");
  expect(entry->call(inputs, outputs, NULL, NULL) == LINNET_ARENA_NULL, "no arena is refused");
  for (int i = 0; i < 10; ++i)
    sum += logits[i];
  free(memory);
  return sum;
}

static void loads(const char* lenet) {
  const char* const words[] = {lenet, "--name", "digits", "--batch", "4", "--no-cache"};
  char* messages = NULL;
  linnet_network* first = load(6, words, &messages);
  expect(first != NULL, "a model is loaded");
  expect(messages != NULL && *messages == '\0', "and nothing is said");
  free_text(messages);
  linnet_network* second = load(6, words, &messages);
  free_text(messages);
  if (first == NULL || second == NULL) {
    expect(0, "twice");
    return;
  }
  const linnet_model_v1* model = model_of(first);
  expect(model->abi == LINNET_ABI_VERSION && model->size == sizeof(linnet_model_v1), "its record");
  expect(strcmp(model->name, "digits") == 0 && model->untrained == 1, "name and weights");
  expect(strcmp(model->linnet_version, version()) == 0, "version");
  expect(model->batched == 1 && model->entry_count == 2 && model->entries[0].batch == 4, "entries");
  expect(model->input_count == 1 && strcmp(model->inputs[0].name, "image") == 0, "input");
  expect(model->output_count == 1 && model->outputs[0].classes->count == 10, "output");
  expect(model->stream == NULL && model->threads == NULL, "neither a stream nor threads");
  expect(strstr(header_of(first), "int digits_run(") != NULL, "header");
  const double sum = answer(model);
  unload(first);
  expect(answer(model_of(second)) == sum && sum != 0, "one outlives the other, with the same bits");
  unload(second);
}

static void refuses(int count, const char* const* words, const char* said) {
  char* messages = NULL;
  expect(load(count, words, &messages) == NULL, "it is refused");
  if (messages == NULL || strstr(messages, said) == NULL || messages[0] != '{' ||
      messages[strlen(messages) - 1] != '\n') {
    fprintf(stderr, "expected: %s\nfound:    %s", said, messages ? messages : "nothing\n");
    failed = 1;
  }
  free_text(messages);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  find(library, "linnet_version", &version);
  find(library, "linnet_load", &load);
  find(library, "linnet_model", &model_of);
  find(library, "linnet_header", &header_of);
  find(library, "linnet_unload", &unload);
  find(library, "linnet_free", &free_text);
  char lenet[4096];
  snprintf(lenet, sizeof lenet, "%s/lenet.lin", argv[2]);
  loads(lenet);
  refuses(1, (const char* const[]){"nothing.lin"}, "\"message\":\"nothing.lin: ");
  refuses(2, (const char* const[]){lenet, "--no-such-flag"}, "--no-such-flag");
  refuses(3, (const char* const[]){lenet, "--set", "depth=3"}, "depth");
  refuses(2, (const char* const[]){lenet, "--help"}, "--help");
  refuses(3, (const char* const[]){lenet, "--name", "../lenet"}, "a C identifier is expected");
  refuses(0, NULL, "MODEL");
  unload(NULL);
  free_text(NULL);
  if (!failed) puts("all is as it should be");
  return failed;
}
