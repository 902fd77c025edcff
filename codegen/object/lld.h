// LLD's drivers as functions, so that no linker need be installed.
#pragma once

#include <lld/Common/CommonLinkerContext.h>
#include <lld/Common/Driver.h>
#include <llvm/Support/raw_ostream.h>

#include <string>
#include <vector>

LLD_HAS_DRIVER(elf)
LLD_HAS_DRIVER(wasm)

namespace linnet::codegen {

// `words` are the driver's command line; its inputs are linnet's own, so that a complaint is a bug.
void run_lld(const std::vector<std::string>& words, lld::Driver driver);

}  // namespace linnet::codegen
