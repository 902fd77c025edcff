# linnet_llvm: the newest installed LLVM, shared (static in a wheel), and its LLD. Halide's wheel carries its own LLVM 21 and hands over
# bitcode, which an LLVM of the same or a later major reads.
set(LINNET_LLVM_LEAST 21)
set(llvm_hints)
foreach(major RANGE 26 ${LINNET_LLVM_LEAST} -1)
  list(APPEND llvm_hints /usr/lib/llvm-${major})  # where Debian and apt.llvm.org put it
endforeach()
find_package(LLVM REQUIRED CONFIG HINTS ${llvm_hints})
if(LLVM_VERSION_MAJOR LESS LINNET_LLVM_LEAST)
  message(FATAL_ERROR "LLVM ${LLVM_VERSION} is older than the LLVM ${LINNET_LLVM_LEAST} of the "
                      "Halide wheel, whose bitcode it must read; run cmake/setup.sh")
endif()
message(STATUS "LLVM ${LLVM_VERSION} in ${LLVM_DIR}; Halide ${Halide_VERSION}")
add_library(linnet_llvm INTERFACE)
target_include_directories(linnet_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
# LLD, static: links WebAssembly, and ELF where there is no other linker, within the compiler.
# Debian: liblld-NN-dev of the same version.
foreach(name ELF Wasm Common)
  find_library(LINNET_LLD_${name} lld${name} HINTS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH REQUIRED)
  target_link_libraries(linnet_llvm INTERFACE ${LINNET_LLD_${name}})
endforeach()
# LLD and LLVM compress sections by these.
find_library(LINNET_ZLIB libz.a REQUIRED)
find_library(LINNET_ZSTD libzstd.a REQUIRED)
mark_as_advanced(LINNET_ZLIB LINNET_ZSTD)
if(LINNET_WHEEL)
  # What codegen/ and LLD include, and the back ends of codegen/object/target.cpp.
  set(back_ends X86 AArch64 ARM RISCV WebAssembly)
  llvm_map_components_to_libnames(llvm_libraries ${back_ends}
    Core Support TargetParser BinaryFormat BitReader BitWriter Linker Object MC Target Passes
    TransformUtils OrcJIT ExecutionEngine LTO DTLTO AsmParser MCParser MCA
    X86TargetMCA RISCVTargetMCA)
  # Z3, in LLVM's own list, is for a member that nothing asks for.
  set_property(TARGET LLVMSupport PROPERTY INTERFACE_LINK_LIBRARIES
    LLVMDemangle ${LINNET_ZLIB} ${LINNET_ZSTD} rt dl m)
  # LLD asks by name for all other back ends, and for Polly, for its link-time optimiser, which no
  # link here reaches: 60 MB more, or these.
  set(absent "")
  foreach(other IN LISTS LLVM_TARGETS_TO_BUILD)
    if(NOT other IN_LIST back_ends)
      string(APPEND absent "ABSENT(${other})\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/absent.cpp @ONLY CONTENT [[
#include <llvm/Plugins/PassPlugin.h>
llvm::PassPluginLibraryInfo getPollyPluginInfo();
llvm::PassPluginLibraryInfo getPollyPluginInfo() {
  return {LLVM_PLUGIN_API_VERSION, "none", "", [](llvm::PassBuilder&) {}};
}
#define ABSENT(name)                          \
  extern "C" {                                \
  void LLVMInitialize##name##TargetInfo() {}  \
  void LLVMInitialize##name##Target() {}      \
  void LLVMInitialize##name##TargetMC() {}    \
  void LLVMInitialize##name##AsmPrinter() {}  \
  void LLVMInitialize##name##AsmParser() {}   \
  }
@absent@]])
  add_library(linnet_absent STATIC ${CMAKE_BINARY_DIR}/absent.cpp)
  target_include_directories(linnet_absent SYSTEM PRIVATE ${LLVM_INCLUDE_DIRS})
  set_property(TARGET LLVMExtensions PROPERTY INTERFACE_LINK_LIBRARIES linnet_absent)
  target_link_libraries(linnet_llvm INTERFACE ${llvm_libraries})
else()
  target_link_libraries(linnet_llvm INTERFACE ${LINNET_ZLIB} ${LINNET_ZSTD} LLVM)
endif()
