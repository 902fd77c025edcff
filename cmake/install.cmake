# A tree that works from any folder: bin/linnet finds Halide in ../lib beside it. LLVM stays the
# system's package (150 MB, and ld.so finds it) unless LINNET_INSTALL_LLVM copies it too.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
option(LINNET_INSTALL_LLVM "Copy LLVM's shared library into the installed tree as well" OFF)

set(package_dir lib/cmake/linnet)
set(libraries lib)
if(LINNET_WHEEL)  # nobody else's in /usr/lib
  set(libraries lib/linnet)
  install(TARGETS linnet_api LIBRARY DESTINATION ${libraries})
  install(FILES api/linnet.h DESTINATION include/linnet/api)
  install(FILES base/abi/model.h base/abi/pool.h DESTINATION include/linnet/base/abi)
endif()
install(TARGETS linnet RUNTIME DESTINATION bin)
install(FILES ${Halide_LIBRARY} DESTINATION ${libraries}
        PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                    WORLD_READ WORLD_EXECUTE)
if(LINNET_INSTALL_LLVM)
  install(FILES $<TARGET_FILE:LLVM> DESTINATION lib)
endif()
# What `make mpi` has made; and what it is made of, for the mpicc of another machine.
install(FILES ${CMAKE_BINARY_DIR}/liblinnet-mpi.so DESTINATION ${libraries} OPTIONAL)
install(FILES runtime/mpi/linnet_mpi.c DESTINATION share/linnet/mpi)
install(FILES base/abi/mpi.h DESTINATION share/linnet/mpi/base/abi)
file(GLOB models CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/models/*.lin
     ${CMAKE_CURRENT_SOURCE_DIR}/models/data/*.safetensors)
install(FILES ${models} DESTINATION share/linnet/models)
install(FILES models/data/mnist-8/model.onnx DESTINATION share/linnet/models/data/mnist-8)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION share/doc/linnet)
install(DIRECTORY docs/ DESTINATION share/doc/linnet/docs)
# The manual and what shells complete by: linnet itself, where it is now, writes them.
install(CODE "
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share\")
  function(linnet_writes path)
    execute_process(COMMAND \"\${share}/../bin/linnet\" \${ARGN}
                    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE \"\${share}/\${path}\" \"\${text}\")
    list(APPEND CMAKE_INSTALL_MANIFEST_FILES \"\${CMAKE_INSTALL_PREFIX}/share/\${path}\")
    set(CMAKE_INSTALL_MANIFEST_FILES \"\${CMAKE_INSTALL_MANIFEST_FILES}\" PARENT_SCOPE)
  endfunction()
  linnet_writes(man/man1/linnet.1 help --man)
  linnet_writes(bash-completion/completions/linnet completion bash)
  linnet_writes(zsh/site-functions/_linnet completion zsh)
  linnet_writes(fish/vendor_completions.d/linnet.fish completion fish)
")

install(FILES cmake/linnet-config.cmake DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/linnet-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/linnet-config-version.cmake DESTINATION ${package_dir})
