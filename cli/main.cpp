#include "cli/session.h"

int main(int argc, char** argv) {
  return linnet::cli::run_main(argc, argv);
}
