# linnet_llvm: the newest installed LLVM, and its LLD. Halide's wheel carries its own LLVM 21 and hands over
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
# LLD, static: links WebAssembly within the compiler. Debian: liblld-NN-dev of the same version.
foreach(name Wasm Common)
  find_library(LINNET_LLD_${name} lld${name} HINTS ${LLVM_LIBRARY_DIRS} NO_DEFAULT_PATH REQUIRED)
  target_link_libraries(linnet_llvm INTERFACE ${LINNET_LLD_${name}})
endforeach()
target_link_libraries(linnet_llvm INTERFACE LLVM)
