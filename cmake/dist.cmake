# The Debian package: the tree of install.cmake under /usr. cmake/dist.sh calls cpack.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME linnet)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "linnet maintainers <linnet@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};linnet;Unspecified;/")
set(CPACK_STRIP_FILES OFF)  # linked stripped; Halide stays as its wheel has it
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Compiles neural networks ahead of time into native code that stands alone:
executables, C libraries with a header, WebAssembly and C, for control loops,
audio, embedded Linux and microcontrollers.")
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # Depends: what the libraries ask for
get_filename_component(halide_folder ${Halide_LIBRARY} DIRECTORY)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${halide_folder} ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS g++)  # of --static
# Files have the release's date, not that of their build.
file(WRITE ${CMAKE_BINARY_DIR}/dates.cmake [[
execute_process(COMMAND find ${CPACK_TEMPORARY_DIRECTORY} -exec touch -hd @$ENV{SOURCE_DATE_EPOCH} {} +
                COMMAND_ERROR_IS_FATAL ANY)
]])
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_BINARY_DIR}/dates.cmake)
include(CPack)
