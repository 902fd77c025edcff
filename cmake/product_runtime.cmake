# What a produced executable links: runtime/ built once for baseline x86-64, whatever this build's
# own flags (no sanitizer, no debug information, no build path), archived and embedded in `linnet`.
file(GLOB product_sources CONFIGURE_DEPENDS
     ${CMAKE_CURRENT_SOURCE_DIR}/runtime/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/runtime/io/*.cpp
     ${CMAKE_CURRENT_SOURCE_DIR}/runtime/train/*.cpp)
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
  # What an executable does once, however long: small before fast.
  foreach(source answer backtest evaluate labels main metrics model options plot ports run_bench
          run_images run_series run_table run_tensors series_table tensor_text
          train/picture_samples train/samples io/csv io/file io/idx io/image_file io/npy io/result
          io/utf8)
    set_source_files_properties(runtime/${source}.cpp PROPERTIES COMPILE_OPTIONS -Os)
  endforeach()
  set(product_archive ${CMAKE_BINARY_DIR}/liblinnet_product_runtime.a)
  set_target_properties(linnet_product_runtime PROPERTIES
    ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  linnet_embed(linnet_codegen NAME product_runtime FILE ${product_archive})

  # The same sources with this build's flags, for the tests of runtime/.
  linnet_layer(linnet_runtime SOURCES runtime/*.cpp runtime/train/*.cpp EXCLUDE runtime/philox.cpp runtime/initialize.cpp
               LINK linnet_runtime_io Eigen3::Eigen)
else()
  add_library(linnet_runtime INTERFACE)
endif()
