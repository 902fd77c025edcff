# linnet_options: the flags every target of the compiler shares.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# The archives go into liblinnet.so too.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(LINNET_CCACHE ccache)
mark_as_advanced(LINNET_CCACHE)
if(LINNET_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${LINNET_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LINNET_CCACHE})
endif()

set(LINNET_SANITIZE "" CACHE STRING "Sanitizers of the compiler and its tests: address,undefined or thread")
option(LINNET_WERROR "Warnings are errors" OFF)

add_library(linnet_options INTERFACE)
target_include_directories(linnet_options INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(linnet_options INTERFACE LINNET_VERSION="${PROJECT_VERSION}")
# No contraction and no build paths: the same bits from every compiler flag and folder.
target_compile_options(linnet_options INTERFACE
  -Wall -Wextra -ffp-contract=off -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=)
target_link_options(linnet_options INTERFACE -Wl,--build-id=sha1)  # a key of the cache
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  # GCC bugs 105329 and 105562: wrong alarms inside libstdc++'s string and regex.
  target_compile_options(linnet_options INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(LINNET_WERROR)
  target_compile_options(linnet_options INTERFACE -Werror)
endif()
option(LINNET_WHEEL "Build what the Python wheel holds: LLVM linked statically, once" OFF)
if(LINNET_WHEEL)
  # LLVM's archives have a section for each function.
  target_link_options(linnet_options INTERFACE -Wl,--gc-sections -Wl,--as-needed -s)
endif()
if(LINNET_SANITIZE)
  target_compile_options(linnet_options INTERFACE
    -fsanitize=${LINNET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(linnet_options INTERFACE -fsanitize=${LINNET_SANITIZE})
endif()

option(LINNET_TIDY "Run clang-tidy on every file that is compiled" OFF)
if(LINNET_TIDY)
  find_program(LINNET_CLANG_TIDY NAMES clang-tidy-22 clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY ${LINNET_CLANG_TIDY} --quiet)
endif()
