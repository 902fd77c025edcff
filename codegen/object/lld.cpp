// Calls a driver of LLD.
#include "codegen/object/lld.h"

#include "support/check.h"

namespace linnet::codegen {

void run_lld(const std::vector<std::string>& words, lld::Driver driver) {
  std::vector<const char*> pointers;
  for (const std::string& word : words)
    pointers.push_back(word.c_str());
  std::string text;
  llvm::raw_string_ostream log(text);
  const bool linked = driver(pointers, log, log, false, false);
  lld::CommonLinkerContext::destroy();
  if (!linked) throw InternalError("lld: " + text);
}

}  // namespace linnet::codegen
