# Halide from the PyPI wheel in LINNET_VENV: the imported target Halide::Halide.
# (The wheel's own package asks for CMake 3.28, Debian 12 has 3.25; one shared library and one
# header are all linnet needs of it.)
file(GLOB halide_roots ${LINNET_VENV}/lib/python3*/site-packages/halide)
find_path(Halide_INCLUDE_DIR Halide.h HINTS ${halide_roots} PATH_SUFFIXES include)
find_library(Halide_LIBRARY Halide HINTS ${halide_roots} PATH_SUFFIXES lib64 lib)
mark_as_advanced(Halide_INCLUDE_DIR Halide_LIBRARY)

if(Halide_INCLUDE_DIR)
  file(STRINGS ${Halide_INCLUDE_DIR}/HalideRuntime.h version_lines
       REGEX "^#define HALIDE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  list(TRANSFORM version_lines REPLACE "^.* " "")
  list(JOIN version_lines "." Halide_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Halide
  REQUIRED_VARS Halide_LIBRARY Halide_INCLUDE_DIR VERSION_VAR Halide_VERSION
  REASON_FAILURE_MESSAGE "run cmake/setup.sh, or set LINNET_VENV to a Python environment with the halide wheel")

if(Halide_FOUND AND NOT TARGET Halide::Halide)
  add_library(Halide::Halide SHARED IMPORTED)
  set_target_properties(Halide::Halide PROPERTIES
    IMPORTED_LOCATION ${Halide_LIBRARY} IMPORTED_SONAME libHalide.so
    INTERFACE_INCLUDE_DIRECTORIES ${Halide_INCLUDE_DIR}
    INTERFACE_COMPILE_DEFINITIONS "HALIDE_ENABLE_RTTI;HALIDE_WITH_EXCEPTIONS")
endif()
