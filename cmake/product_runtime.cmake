# What a produced executable links: runtime/ built once for baseline x86-64, whatever this build's
# own flags (no sanitizer, no debug information, no build path), archived and embedded in `linnet`.
file(GLOB_RECURSE product_sources CONFIGURE_DEPENDS
     ${CMAKE_CURRENT_SOURCE_DIR}/base/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/runtime/*.cpp)
if(product_sources)
  find_package(Eigen3 3.4 REQUIRED NO_MODULE)  # headers only
  add_library(linnet_product_runtime STATIC ${product_sources})
  target_include_directories(linnet_product_runtime PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(linnet_product_runtime PRIVATE Eigen3::Eigen)
  target_compile_definitions(linnet_product_runtime PRIVATE
    NDEBUG LINNET_VERSION="${PROJECT_VERSION}")
  target_compile_options(linnet_product_runtime PRIVATE
    -Wall -Wextra -march=x86-64 -mtune=generic -O2 -g0 -fPIC -ffp-contract=off
    -ffunction-sections -fdata-sections -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=)
  # What an executable does once, however long: small before fast. Readers of samples are all of it.
  file(GLOB readers CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}
       ${CMAKE_CURRENT_SOURCE_DIR}/runtime/data/*_samples.cpp)
  list(TRANSFORM readers REPLACE "\\.cpp$" "")
  foreach(source ${readers}
          base/flags base/io/csv base/io/file base/io/idx base/io/image_file base/io/npy base/result
          base/text runtime/answers/answer runtime/answers/metrics runtime/answers/plot
          runtime/answers/tensor_text runtime/data/labels runtime/data/number_text
          runtime/data/ports runtime/data/samples runtime/data/scales runtime/data/series_table
          runtime/run/backtest runtime/run/evaluate runtime/run/main
          runtime/run/model runtime/run/options runtime/run/run_bench runtime/run/run_images
          runtime/run/run_samples runtime/run/run_series runtime/run/run_tensors)
    set_source_files_properties(${source}.cpp PROPERTIES COMPILE_OPTIONS -Os)
  endforeach()
  set(product_archive ${CMAKE_BINARY_DIR}/liblinnet_product_runtime.a)
  set_target_properties(linnet_product_runtime PROPERTIES
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  linnet_embed(linnet_codegen NAME product_runtime FILE ${product_archive})

  # The pool of threads alone, for libraries: C programs have no libstdc++.
  set(product_pool ${CMAKE_BINARY_DIR}/linnet_product_pool.o)
  add_custom_command(
    OUTPUT ${product_pool}
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -I${CMAKE_CURRENT_SOURCE_DIR} -Wall -Wextra
            -march=x86-64 -mtune=generic -O2 -g0 -fPIC -fno-exceptions -fno-rtti
            -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
            -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=
            -c ${CMAKE_CURRENT_SOURCE_DIR}/base/pool.cpp -o ${product_pool}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/base/pool.cpp ${CMAKE_CURRENT_SOURCE_DIR}/base/abi/pool.h
            ${CMAKE_CURRENT_SOURCE_DIR}/base/abi/model.h
    VERBATIM)
  linnet_embed(linnet_codegen NAME product_pool FILE ${product_pool})

  # The same sources with this build's flags, for the tests of runtime/.
  linnet_layer(linnet_runtime FOLDERS runtime
               LINK linnet_base Eigen3::Eigen)
else()
  add_library(linnet_runtime INTERFACE)
endif()
