# What a produced executable links: base/ and runtime/ built once for each Linux target, for the least
# CPU of its kind, whatever this build's own flags (no sanitizer, no debug information, no build
# path), archived and embedded in `linnet`; so is base/pool.cpp alone, for libraries with --threads.
# A target whose cross compiler is not on this machine has no run-time: `linnet` says so when an
# executable for it is asked for.
file(GLOB_RECURSE product_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
     ${CMAKE_CURRENT_SOURCE_DIR}/base/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/runtime/*.cpp)

# What an executable does once, however long: small before fast. Readers of samples are all of it.
file(GLOB product_small CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
     ${CMAKE_CURRENT_SOURCE_DIR}/runtime/data/*_samples.cpp)
foreach(source
        base/dtype base/flags base/memory base/io/csv base/io/csv_file base/io/data_file base/io/file base/io/idx base/io/image_file base/io/npy
        base/io/image base/io/tensor base/result base/shortest base/text runtime/answers/answer runtime/answers/metrics runtime/answers/plot
        runtime/answers/tensor_text runtime/data/labels runtime/data/number_text
        runtime/data/held runtime/data/order runtime/data/ports runtime/data/read_ahead
        runtime/data/samples runtime/data/scales runtime/data/series_table
        runtime/run/backtest runtime/run/evaluate runtime/run/main
        runtime/run/model runtime/run/options runtime/run/run_bench runtime/run/run_images
        runtime/run/run_samples runtime/run/run_series runtime/run/run_tensors runtime/run/stream runtime/terminate)
  list(APPEND product_small ${source}.cpp)
endforeach()

# Numbers are computed as they are written and char has a sign, on every machine.
set(product_flags -std=c++20 -I${CMAKE_CURRENT_SOURCE_DIR} -Wall -Wextra -g0 -fPIC
    -ffp-contract=off -fsigned-char -ffunction-sections -fdata-sections
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=)

# linnet_product_object(OBJECT SOURCE COMPILER flag…)
function(linnet_product_object object source compiler)
  get_filename_component(folder ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${object}
    COMMAND ${LINNET_CCACHE} ${compiler} ${product_flags} ${ARGN} -MD -MF ${object}.d
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} DEPFILE ${object}.d
    COMMENT "Building run-time object ${object}" VERBATIM)
endfunction()

# linnet_product_runtime(NAME COMPILER PREFIX flag…): product_runtime_NAME, product_pool_NAME and
# product_kit_NAME, embedded; PREFIX is what stands before the names of the target's binutils.
function(linnet_product_runtime name compiler prefix)
  set(folder ${CMAKE_BINARY_DIR}/product/${name})
  set(objects "")
  foreach(source IN LISTS product_sources)
    set(object ${folder}/${source}.o)
    if(source IN_LIST product_small)
      set(optimise -Os)
    else()
      set(optimise -O2)
    endif()
    linnet_product_object(${object} ${source} ${compiler} ${ARGN} ${optimise} -DNDEBUG
      -DLINNET_VERSION="${PROJECT_VERSION}" -isystem ${product_eigen})
    list(APPEND objects ${object})
  endforeach()
  set(archive ${folder}/libruntime.a)
  add_custom_command(OUTPUT ${archive}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}
    COMMAND ${prefix}ar qcD ${archive} ${objects}
    DEPENDS ${objects} VERBATIM)
  linnet_embed(linnet_codegen NAME product_runtime_${name} FILE ${archive})
  # What is linked with where there is no compiler.
  set(kit ${folder}/kit.a)
  add_custom_command(OUTPUT ${kit}
    COMMAND ${onnx_python} ${PROJECT_SOURCE_DIR}/cmake/link_kit.py --compiler ${compiler}
            --binutils ${prefix} --runtime ${archive} --out ${kit}
    DEPENDS ${archive} ${PROJECT_SOURCE_DIR}/cmake/link_kit.py VERBATIM)
  linnet_embed(linnet_codegen NAME product_kit_${name} FILE ${kit})
  # C programs have no libstdc++. Without stubs of the linker: codegen/object/object.cpp says why.
  set(pool ${folder}/pool.o)
  linnet_product_object(${pool} base/pool.cpp ${compiler} ${ARGN} -O2 -fno-exceptions -fno-rtti
    -fno-asynchronous-unwind-tables -fno-plt)
  linnet_embed(linnet_codegen NAME product_pool_${name} FILE ${pool})
endfunction()

find_package(Eigen3 3.4 REQUIRED NO_MODULE)  # headers only
get_target_property(product_eigen Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
string(REGEX REPLACE "ar$" "" binutils ${CMAKE_AR})
linnet_product_runtime(x86_64 ${CMAKE_CXX_COMPILER} ${binutils} -march=x86-64 -mtune=generic)
set(product_flags_aarch64 -march=armv8-a -mno-outline-atomics)  # nothing of libgcc in C programs
set(product_flags_riscv64 -march=rv64gc)
foreach(name aarch64 riscv64)
  find_program(LINNET_CXX_${name} ${name}-linux-gnu-g++)
  find_program(LINNET_AR_${name} ${name}-linux-gnu-ar)
  mark_as_advanced(LINNET_CXX_${name} LINNET_AR_${name})
  if(LINNET_CXX_${name} AND LINNET_AR_${name})
    string(REGEX REPLACE "ar$" "" binutils ${LINNET_AR_${name}})
    linnet_product_runtime(${name} ${LINNET_CXX_${name}} ${binutils}
                           ${product_flags_${name}})
  else()
    message(STATUS "No executables for ${name}: g++-${name}-linux-gnu is not installed")
    file(WRITE ${CMAKE_BINARY_DIR}/product/none "")
    foreach(part runtime pool kit)
      linnet_embed(linnet_codegen NAME product_${part}_${name} FILE ${CMAKE_BINARY_DIR}/product/none)
    endforeach()
  endif()
endforeach()

# The same sources with this build's flags, for the tests of runtime/.
linnet_layer(linnet_runtime FOLDERS runtime
             LINK linnet_base Eigen3::Eigen)
