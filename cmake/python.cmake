# The native half of the Python package `linnet`, for LINNET_WHEEL: liblinnet.so is the whole compiler
# with its own LLVM, and the command beside it is a call of it, so that the wheel has LLVM once.
# Halide comes from its own wheel, a neighbour in site-packages. pyproject.toml says the rest.
# The same binaries are in the tarball and the Debian package, below lib/linnet.
set(native linnet/_native)
# No path of the build folder is in them, nor in their build ids.
set_target_properties(linnet linnet_api PROPERTIES BUILD_WITH_INSTALL_RPATH ON
  INSTALL_RPATH "$ORIGIN:$ORIGIN/../lib/linnet:$ORIGIN/../../halide/lib64"
  INSTALL_RPATH_USE_LINK_PATH OFF)
target_link_options(linnet PRIVATE -Wl,-rpath-link,$<TARGET_FILE_DIR:Halide::Halide>)
install(TARGETS linnet RUNTIME DESTINATION ${native} COMPONENT python)
install(TARGETS linnet_api LIBRARY DESTINATION ${native} COMPONENT python)
install(FILES api/linnet.h DESTINATION ${native}/include/api COMPONENT python)
install(FILES base/abi/model.h base/abi/pool.h DESTINATION ${native}/include/base/abi
        COMPONENT python)
# The licences of what is inside, as Debian's packages tell them.
foreach(package llvm-22-dev liblld-22-dev libfmt-dev libprotobuf-dev libcli11-dev nlohmann-json3-dev
        libexpected-dev libeigen3-dev libstb-dev zlib1g-dev libzstd-dev libstdc++-12-dev
        libgcc-12-dev libc6-dev)
  set(copyright /usr/share/doc/${package}/copyright)
  if(EXISTS ${copyright})
    install(FILES ${copyright} RENAME ${package}.txt DESTINATION ${native}/licenses COMPONENT python)
    install(FILES ${copyright} RENAME ${package}.txt DESTINATION share/doc/linnet/licenses)
  endif()
endforeach()
file(GLOB halide_licence ${LINNET_VENV}/lib/python3*/site-packages/halide-*.dist-info/licenses/LICENSE.txt)
install(FILES ${halide_licence} RENAME halide.txt DESTINATION share/doc/linnet/licenses)
