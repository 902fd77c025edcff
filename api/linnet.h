/* liblinnet.so: models compiled into the calling process, for bindings of other languages.
 *
 * Plain C99. Texts are UTF-8 and end with NUL. Any function may be called from any thread;
 * compilations take turns, calls of networks do not. Nothing is printed. */
#pragma once

#include "base/abi/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0". Lives for ever. */
const char* linnet_version(void);

/* A model compiled for this machine. */
typedef struct linnet_network linnet_network;

/* Compiles. words[0 … count) are MODEL and flags, as behind `linnet run`: those that say which
 * model is compiled and how, and --threads and --name. NULL, with errors in *messages, if it fails.
 * *messages has a JSON object in a line for each message, as --diagnostics json writes them, and is
 * "" if nothing is to be said: linnet_free it; NULL if there was no memory for it. The threads of
 * --threads run until the network is unloaded. */
linnet_network* linnet_load(int count, const char* const* words, char** messages);

/* Its record: entries, ports, stream. Lives until the network is unloaded; so does the code that
 * the record points to. No call may go on while it is unloaded. */
const linnet_model_v1* linnet_model(const linnet_network* network);
/* A C99 header of its entries by name; `linnet compile --emit lib` writes more: NAME_run_u8. */
const char* linnet_header(const linnet_network* network);

void linnet_unload(linnet_network* network); /* NULL: nothing */
void linnet_free(char* text);                /* NULL: nothing */

#ifdef __cplusplus
} /* extern "C" */
#endif
