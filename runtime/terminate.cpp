// What a product does about an exception that nobody catches. libstdc++'s own handler would print
// its type, by 47 kB of demangler; link.cpp asks for this one by its name.
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace __gnu_cxx {

void __verbose_terminate_handler() {
  std::fputs("an exception that nobody caught; this is a bug of linnet\n", stderr);
  std::abort();
}

}  // namespace __gnu_cxx
