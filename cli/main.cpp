// The process `linnet`: runs the command and leaves at once.
#include "cli/session.h"

#include <cstdio>
#include <unistd.h>

int main(int argc, char** argv) {
  const int status = linnet::cli::run_main(argc, argv);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which report at the end
  // All of linnet's own is closed; what Halide and LLVM would tidy up now takes milliseconds.
  std::fflush(nullptr);
  _exit(status);
#endif
  return status;
}
